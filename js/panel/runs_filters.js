// The filters above the history: search, status, workflow, days, order; sets of them kept by name.

import { button, debounce, fill, h, iconButton, select } from "../ui/dom.js";
import { t } from "../ui/i18n.js";
import { editInline, sideBySide } from "../ui/widgets.js";
import { EMPTY_FILTERS, isFiltered, nextSort, sorts, statuses } from "./runs_query.js";

const TYPING_MS = 250;

/**
 * `get()`: the filters now; `change(changes)`: apply some; `facets()`: `{workflows, tags}`, `[[value, label]]` each.
 * Returns `{element, draw}`.
 */
export function createRunsFilters(context, { get, change, facets }) {
  const { prefs } = context;
  const element = h("div", { class: "hp-filters" });

  function draw() {
    const filters = get();
    const isOpen = isFiltered({ ...filters, q: "" }) || prefs.getPanel("more_filters", false);
    fill(
      element,
      sideBySide(
        h("input", {
          class: "hp-input hp-search",
          type: "search",
          placeholder: t("Search runs"),
          "aria-label": t("Search runs by name, number, comment or workflow"),
          value: filters.q,
          on: { input: debounce((event) => change({ q: event.target.value }), TYPING_MS) },
        }),
        iconButton("filter", t("More filters"), () => {
          prefs.setPanel("more_filters", !isOpen);
          draw();
        }, { "aria-expanded": String(isOpen) }),
      ),
      isOpen ? grid(filters) : null,
    );
  }

  const set = (changes) => {
    change(changes);
    draw();
  };

  function grid(filters) {
    const { workflows, tags } = facets();
    const isKnown = (options, value) => !value || options.some(([known]) => known === value);
    return h(
      "div",
      { class: "hp-filter-grid" },
      select(statuses(), filters.status, (status) => change({ status }), { "aria-label": t("Status") }),
      select(
        [
          ["", t("All workflows")],
          ["this", t("This workflow")],
          ...workflows,
          ...(isKnown([["this"], [context.workflowId()], ...workflows], filters.workflow) ? [] : [[filters.workflow, filters.workflow.slice(0, 8)]]),
        ],
        filters.workflow && filters.workflow === context.workflowId() ? "this" : filters.workflow,
        (value) => change({ workflow: value === "this" ? context.workflowId() : value }),
        { "aria-label": t("Workflow") },
      ),
      tags.length || filters.tag
        ? select(
            [["", t("All tags")], ...tags, ...(isKnown(tags, filters.tag) ? [] : [[filters.tag, filters.tag]])],
            filters.tag,
            (tag) => change({ tag }),
            { "aria-label": t("Tag") },
          )
        : null,
      day(filters, "since", t("From this day")),
      day(filters, "until", t("To this day")),
      select(
        sorts().flatMap(([column, label, first]) => {
          const order = (sort) => [sort, `${label} ${sort.startsWith("-") ? "↓" : "↑"}`];
          return [order(first), order(nextSort(first, column))];
        }),
        filters.sort,
        (sort) => change({ sort }),
        { "aria-label": t("Order"), class: "hp-narrow-only" },
      ),
      button(t("Clear"), () => set({ ...EMPTY_FILTERS, sort: get().sort })),
      saved(),
    );
  }

  function day(filters, name, label) {
    return h(
      "label",
      { class: "hp-day" },
      h("span", { class: "hp-muted" }, label),
      h("input", { class: "hp-input", type: "date", "aria-label": label, value: filters[name], on: { change: (event) => change({ [name]: event.target.value }) } }),
    );
  }

  /** Sets of filters are kept as `name` + tab + JSON, which the settings file takes as text. */
  function saved() {
    const entries = prefs.getPanel("saved_filters", []).map((line) => line.split("\t"));
    const keep = (all) => {
      prefs.setPanel("saved_filters", all.map((entry) => entry.join("\t")));
      draw();
    };
    const choose = (value) => {
      if (value === "save") {
        editInline(control, {
          value: "",
          label: t("Name of these filters"),
          save: (name) => keep([...entries.filter(([known]) => known !== name), [name.slice(0, 40), JSON.stringify({ ...get(), offset: 0 })]]),
        });
        control.value = "";
      } else if (value.startsWith("drop:")) keep(entries.filter(([name]) => name !== value.slice(5)));
      else set({ ...EMPTY_FILTERS, ...JSON.parse(entries.find(([name]) => name === value)?.[1] ?? "{}") });
    };
    const control = select(
      [
        ["", t("Saved filters")],
        ...entries.map(([name]) => [name, name]),
        ["save", t("Save these filters…")],
        ...entries.map(([name]) => [`drop:${name}`, t("Forget {name}", { name })]),
      ],
      "",
      choose,
      { "aria-label": t("Saved filters") },
    );
    return control;
  }

  draw();
  return { element, draw };
}
