// The steps of one run: columns to choose, filters, sorting, comments.

import * as backend from "../comfy/api.js";
import { button, debounce, fill, h, icon, select } from "../ui/dom.js";
import { plural, seconds } from "../ui/format.js";
import { highlight } from "../comfy/canvas.js";
import {
  COLUMNS,
  chosenColumns,
  filterSteps,
  nextSort,
  parseDuration,
  sortSteps,
  typesOf,
  withShare,
} from "./columns.js";
import { editInline } from "../ui/inline_edit.js";
import { nodeLink } from "../ui/node_link.js";

const ROWS_AT_ONCE = 200;
const TYPING_MS = 200;

/** `run`, `steps`, `groups` as `GET runs/{id}` gives them. Returns `{element, update}`. */
export function createStepsTable({ context, run, steps, groups }) {
  const { prefs } = context;
  let all = withShare(steps, run.total_time);
  let knownGroups = groups;
  let sort = prefs.get("step_sort") ?? "";
  let limit = ROWS_AT_ONCE;
  const filters = {
    minTime_s: prefs.get("minimum_time_s") || 0,
    type: "",
    group: "",
    text: "",
    profiler: false,
  };

  const body = h("div", { class: "hp-scroll-x" });
  const summary = h("span", { class: "hp-muted" });
  const controls = h("div", { class: "hp-filter-grid" });
  const chooser = h("details", { class: "hp-columns" });
  const element = h("div", { class: "hp-steps" }, controls, chooser, body);

  function drawControls() {
    const groupNames = knownGroups.map((group) => [group.name, group.name]);
    fill(
      controls,
      h("input", {
        class: "hp-input",
        type: "search",
        placeholder: "Find a node",
        "aria-label": "Find a node by title, class, id or comment",
        value: filters.text,
        on: { input: debounce((event) => change({ text: event.target.value }), TYPING_MS) },
      }),
      h("input", {
        class: "hp-input",
        type: "text",
        placeholder: "At least, e.g. 0.5 s",
        title: "Show only nodes that took at least this long: 0.5, 500 ms, 1 min",
        "aria-label": "Shortest time to show",
        value: filters.minTime_s ? seconds(filters.minTime_s) : "",
        on: {
          change: (event) => {
            const minTime_s = parseDuration(event.target.value);
            prefs.set("minimum_time_s", minTime_s);
            change({ minTime_s });
          },
        },
      }),
      select([["", "All types"], ...typesOf(all).map((type) => [type, type])], filters.type, (type) => change({ type }), {
        "aria-label": "Type",
      }),
      groupNames.length
        ? select([["", "All groups"], ...groupNames], filters.group, (group) => change({ group }), { "aria-label": "Group" })
        : null,
      summary,
    );
  }

  function drawChooser() {
    const chosen = new Set(chosenColumns(prefs.get("step_columns")).map(({ id }) => id));
    fill(
      chooser,
      h("summary", {}, "Columns"),
      h(
        "div",
        { class: "hp-column-list" },
        COLUMNS.filter(({ id }) => id !== "node_title").map(({ id, label, title }) =>
          h(
            "label",
            { class: "hp-check", title },
            h("input", {
              type: "checkbox",
              checked: chosen.has(id),
              value: id,
              on: {
                change: (event) => {
                  if (event.target.checked) chosen.add(id);
                  else chosen.delete(id);
                  prefs.set("step_columns", chosenColumns([...chosen]).map((column) => column.id));
                  draw();
                },
              },
            }),
            label,
          ),
        ),
        button("Back to the usual columns", () => {
          prefs.set("step_columns", []);
          drawChooser();
          draw();
        }),
      ),
    );
  }

  function change(changes) {
    Object.assign(filters, changes);
    limit = ROWS_AT_ONCE;
    draw();
  }

  function draw() {
    const group = filters.group ? (knownGroups.find(({ name }) => name === filters.group) ?? null) : null;
    const rows = sortSteps(filterSteps(all, { ...filters, group }), sort);
    const counted = all.filter((step) => !step.role || step.role === "node");
    summary.textContent =
      rows.length === counted.length ? plural(rows.length, "node") : `${rows.length} of ${plural(counted.length, "node")}`;
    const columns = chosenColumns(prefs.get("step_columns"));
    fill(
      body,
      rows.length
        ? h(
            "table",
            { class: "hp-table hp-steps-table" },
            h("thead", {}, h("tr", {}, columns.map(header))),
            h("tbody", {}, rows.slice(0, limit).map((step) => row(step, columns))),
          )
        : h(
            "p",
            { class: "hp-empty" },
            counted.length ? "No node matches these filters." : "No node was recorded in this run.",
          ),
      rows.length > limit
        ? button(`Show ${rows.length - limit} more`, () => {
            limit = Infinity;
            draw();
          })
        : null,
    );
  }

  function header(column) {
    const active = sort.replace(/^-/, "") === column.id;
    return h(
      "th",
      {
        scope: "col",
        class: column.numeric ? "hp-number" : "",
        "aria-sort": active ? (sort.startsWith("-") ? "descending" : "ascending") : "none",
      },
      h(
        "button",
        {
          type: "button",
          class: "hp-sort",
          title: column.title,
          on: {
            click: () => {
              sort = nextSort(sort, column.id);
              prefs.set("step_sort", sort);
              draw();
            },
          },
        },
        column.label,
        active ? icon(sort.startsWith("-") ? "sort-down-fill" : "sort-up-fill") : null,
      ),
    );
  }

  function row(step, columns) {
    return h(
      "tr",
      {
        class: `hp-step-${step.status}`,
        dataset: { nodeId: step.node_id },
        on: {
          mouseenter: () => highlight([step.node_id]),
          mouseleave: () => highlight(null),
        },
      },
      columns.map((column) => {
        if (column.id === "node_title") return nameCell(step);
        if (column.id === "step_comment") return commentCell(step);
        return h("td", { class: column.numeric ? "hp-number" : "" }, column.text(step));
      }),
    );
  }

  function nameCell(step) {
    return h(
      "td",
      { class: "hp-step-name", style: { "--hp-share": `${Math.min(100, Math.max(0, (step.share ?? 0) * 100)).toFixed(1)}%` } },
      nodeLink(context, step),
    );
  }

  function commentCell(step) {
    const cell = h(
      "td",
      { class: "hp-comment" },
      h(
        "button",
        { type: "button", class: "hp-link", title: step.step_comment || "Comment on this step", on: { click: edit } },
        step.step_comment ? step.step_comment : h("span", { class: "hp-muted" }, "add"),
      ),
    );
    function edit() {
      editInline(cell.firstElementChild, {
        value: step.step_comment ?? "",
        label: "Comment on this step",
        save: (value) =>
          context.change(
            () => backend.patchStep(step.id, { step_comment: value }),
            () => {
              all = all.map((entry) => (entry.id === step.id ? { ...entry, step_comment: value } : entry));
              draw();
            },
          ),
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
      all = withShare(fresh.steps, fresh.run.total_time);
      knownGroups = fresh.groups;
      if (!element.contains(document.activeElement) || !document.activeElement.matches(".hp-inline")) draw();
    },
  };
}
