// The nodes of one run: columns to choose, filters, sorting, comments; a row opens its details, a
// subgraph's row its nodes.

import * as backend from "../comfy/api.js";
import { button, debounce, fill, h, icon, iconButton, select } from "../ui/dom.js";
import { seconds } from "../ui/format.js";
import { t, tn } from "../ui/i18n.js";
import { editInline, nodeLink } from "../ui/widgets.js";
import {
  COLUMNS,
  chosenColumns,
  filterSteps,
  knownColumns,
  nextSort,
  parseDuration,
  sortSteps,
  typesOf,
  withShare,
  withSubgraphs,
} from "./columns.js";
import { createEarlierTimes, stepDetails } from "./step_details.js";

const ROWS_AT_ONCE = 200;
const TYPING_MS = 200;

/**
 * `run`, `steps`, `groups` as `GET runs/{id}` gives them; `onChoose(id)`: a row was opened. Returns
 * `{element, update, open(id), setSubgraphs(titles)}`.
 */
export function createStepsTable({ context, run, steps, groups, onChoose }) {
  const { prefs } = context;
  let all = withShare(steps, run.total_time);
  let knownGroups = groups;
  let subgraphs = {};
  let sort = prefs.get("step_sort") ?? "";
  let limit = ROWS_AT_ONCE;
  const opened = new Set();
  const earlierTimes = createEarlierTimes(run);
  const filters = { minTime_s: prefs.get("minimum_time_s") || 0, type: "", group: "", text: "", profiler: false };

  const body = h("div", { class: "hp-scroll-x" });
  const summary = h("span", { class: "hp-muted" });
  const controls = h("div", { class: "hp-filter-grid" });
  const chooser = h("details", { class: "hp-columns" });
  const element = h("div", { class: "hp-steps" }, controls, chooser, body);

  function drawControls() {
    const names = knownGroups.map((group) => [group.name, group.name]);
    fill(
      controls,
      h("input", {
        class: "hp-input",
        type: "search",
        placeholder: t("Find a node"),
        "aria-label": t("Find a node by title, class, id or comment"),
        value: filters.text,
        on: { input: debounce((event) => change({ text: event.target.value }), TYPING_MS) },
      }),
      h("input", {
        class: "hp-input",
        type: "text",
        placeholder: t("At least, e.g. 0.5 s"),
        title: t("Show only nodes that took at least this long: 0.5, 500 ms, 1 min"),
        "aria-label": t("Shortest time to show"),
        value: filters.minTime_s ? seconds(filters.minTime_s) : "",
        on: {
          change: (event) => {
            const minTime_s = parseDuration(event.target.value);
            prefs.set("minimum_time_s", minTime_s);
            change({ minTime_s });
          },
        },
      }),
      select([["", t("All types")], ...typesOf(all).map((type) => [type, type])], filters.type, (type) => change({ type }), {
        "aria-label": t("Type"),
      }),
      names.length
        ? select([["", t("All groups")], ...names], filters.group, (group) => change({ group }), { "aria-label": t("Group") })
        : null,
      summary,
    );
  }

  function drawChooser() {
    const chosen = new Set(chosenColumns(prefs.get("step_columns")).map(({ id }) => id));
    const keep = () => {
      prefs.set("step_columns", chosenColumns([...chosen]).map((column) => column.id));
      draw();
    };
    fill(
      chooser,
      h("summary", {}, t("Columns")),
      h(
        "div",
        { class: "hp-column-list" },
        COLUMNS.filter(({ id }) => id !== "node_title").map(({ id, label, title }) =>
          h(
            "label",
            { class: "hp-check", title: t(title) },
            h("input", {
              type: "checkbox",
              checked: chosen.has(id),
              value: id,
              on: { change: (event) => (event.target.checked ? chosen.add(id) : chosen.delete(id), keep()) },
            }),
            t(label),
          ),
        ),
        button(t("Back to the usual columns"), () => {
          prefs.set("step_columns", []);
          drawChooser();
          draw();
        }),
        h(
          "label",
          { class: "hp-check" },
          h("input", {
            type: "checkbox",
            checked: filters.profiler,
            on: { change: (event) => change({ profiler: event.target.checked }) },
          }),
          t("The profiler's own nodes too"),
        ),
      ),
    );
  }

  function change(changes) {
    Object.assign(filters, changes);
    limit = ROWS_AT_ONCE;
    draw();
  }

  const isFiltered = () => Boolean(filters.minTime_s || filters.type || filters.group || filters.text);

  function draw() {
    const group = knownGroups.find(({ name }) => name === filters.group) ?? null;
    const found = filterSteps(all, { ...filters, group });
    const counted = all.filter(({ role }) => filters.profiler || !role || role === "node");
    summary.textContent =
      found.length === counted.length
        ? tn("{n} node|{n} nodes", found.length)
        : tn("{found} of {n} node|{found} of {n} nodes", counted.length, { found: found.length });
    const columns = knownColumns(chosenColumns(prefs.get("step_columns")), all);
    const rows = sortSteps(isFiltered() ? found : withSubgraphs(found, subgraphs), sort);
    const focused = document.activeElement?.closest?.(".hp-steps-table tr")?.dataset.nodeId;
    fill(
      body,
      rows.length
        ? h(
            "table",
            { class: "hp-table hp-steps-table" },
            h("thead", {}, h("tr", {}, columns.map(header))),
            h("tbody", {}, rows.slice(0, limit).flatMap((step) => rowsOf(step, columns))),
          )
        : h("p", { class: "hp-empty" }, counted.length ? t("No node matches these filters.") : t("No node was recorded in this run.")),
      rows.length > limit
        ? button(t("Show {n} more", { n: rows.length - limit }), () => {
            limit = Infinity;
            draw();
          })
        : null,
    );
    if (focused) rowOf(focused)?.querySelector("[aria-expanded]")?.focus();
  }

  const rowOf = (id) => [...body.querySelectorAll("tr[data-node-id]")].find((row) => row.dataset.nodeId === id);

  function header(column) {
    const isActive = sort.replace(/^-/, "") === column.id;
    return h(
      "th",
      {
        scope: "col",
        class: column.numeric ? "hp-number" : "",
        "aria-sort": isActive ? (sort.startsWith("-") ? "descending" : "ascending") : "none",
      },
      h(
        "button",
        {
          type: "button",
          class: "hp-sort",
          title: t(column.title),
          on: {
            click: () => {
              sort = nextSort(sort, column.id);
              prefs.set("step_sort", sort);
              draw();
            },
          },
        },
        t(column.label),
        isActive ? icon(sort.startsWith("-") ? "sort-down-fill" : "sort-up-fill") : null,
      ),
    );
  }

  /** A step's row, and below it what is open: its details, or a subgraph's nodes. */
  function rowsOf(step, columns, isInside = false) {
    const rows = [row(step, columns, isInside)];
    if (!opened.has(step.node_id)) return rows;
    if (step.children) return [...rows, ...sortSteps(step.children, sort).flatMap((child) => rowsOf(child, columns, true))];
    const names = knownGroups.filter((group) => (group.members ?? []).map(String).includes(step.node_id)).map(({ name }) => name);
    return [...rows, h("tr", { class: "hp-details-row" }, h("td", { colSpan: columns.length }, stepDetails(step, names, earlierTimes)))];
  }

  function toggle(id) {
    if (!opened.delete(id)) {
      opened.add(id);
      onChoose?.(id);
    }
    draw();
  }

  function row(step, columns, isInside) {
    const id = step.node_id;
    return h(
      "tr",
      {
        class: `hp-step-${step.status} ${isInside ? "hp-step-inside" : ""}`,
        dataset: { nodeId: id },
        on: {
          mouseenter: () => context.highlight([id]),
          mouseleave: () => context.highlight(null),
          click: (event) => event.target.closest("button, input, a") || String(getSelection()) || toggle(id),
        },
      },
      columns.map((column) => {
        if (column.id === "node_title") return nameCell(step);
        if (column.id === "step_comment") return step.children ? h("td", {}) : commentCell(step);
        return h("td", { class: column.numeric ? "hp-number" : "" }, column.text(step));
      }),
    );
  }

  function nameCell(step) {
    const isOpen = opened.has(step.node_id);
    return h(
      "td",
      { class: "hp-step-name", style: { "--hp-share": `${Math.min(100, Math.max(0, (step.share ?? 0) * 100)).toFixed(1)}%` } },
      h(
        "div",
        { class: "hp-name-line" },
        iconButton(isOpen ? "chevron-down" : "chevron-right", step.children ? t("Nodes inside") : t("Details"), () => toggle(step.node_id), {
          class: "hp-fold-button",
          "aria-expanded": String(isOpen),
        }),
        nodeLink(context, step),
      ),
    );
  }

  function commentCell(step) {
    const cell = h(
      "td",
      { class: "hp-comment" },
      h(
        "button",
        { type: "button", class: "hp-link", title: step.step_comment || t("Comment on this step"), on: { click: edit } },
        step.step_comment ? step.step_comment : h("span", { class: "hp-muted" }, t("add")),
      ),
    );
    function edit() {
      editInline(cell.firstElementChild, {
        value: step.step_comment ?? "",
        label: t("Comment on this step"),
        save: (value) => context.change(() => backend.patchStep(step.id, { step_comment: value })),
      });
    }
    return cell;
  }

  drawControls();
  drawChooser();
  draw();
  return {
    element,
    /** Show the same run's steps anew, as after another tab edited them. */
    update(fresh) {
      const steps = withShare(fresh.steps, fresh.run.total_time);
      const isSame = JSON.stringify([steps, fresh.groups]) === JSON.stringify([all, knownGroups]);
      all = steps;
      knownGroups = fresh.groups;
      if (isSame) return; // what is drawn anew between press and release of a button misses its click
      if (!element.contains(document.activeElement) || !document.activeElement.matches(".hp-inline")) draw();
    },
    setSubgraphs(titles) {
      subgraphs = titles;
      if (Object.keys(titles).length) draw();
    },
    /** Open a node's details and bring its row into view. */
    open(id) {
      if (id.includes(":")) opened.add(id.slice(0, id.indexOf(":")));
      opened.add(id);
      draw();
      rowOf(id)?.scrollIntoView({ block: "nearest" });
    },
  };
}
