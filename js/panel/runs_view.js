// The history: one page of runs, sorted and filtered by the server.

import * as backend from "../comfy/api.js";
import { button, debounce, fill, h, icon, iconButton, select } from "../ui/dom.js";
import { ago, bytes, dateTime, plural, runLabel, seconds, statusWord } from "../ui/format.js";
import { emptyHistory, problem } from "../ui/messages.js";
import { EMPTY_FILTERS, SORTS, STATUSES, isFiltered, nextSort, pageOf, toParams, withFilter } from "./runs_query.js";
import { editInline } from "../ui/inline_edit.js";

const TYPING_MS = 250;

/** `context`: see panel.js. */
export function createRunsView(context) {
  const { prefs, actions, selection } = context;
  let filters = { ...EMPTY_FILTERS, sort: prefs.get("run_sort") || EMPTY_FILTERS.sort };
  let shown = { runs: [], total: 0 };
  let request = null;

  const list = h("div", { class: "hp-list" });
  const pager = h("div", { class: "hp-pager" });
  const compareBar = h("div", { class: "hp-compare-bar", hidden: true });
  const filterArea = h("div", { class: "hp-filters" });
  const element = h("section", { class: "hp-runs", "aria-label": "Runs" }, filterArea, compareBar, list, pager);

  const setFilters = (changes) => {
    filters = withFilter(filters, changes);
    refresh();
  };

  const pageSize = () => prefs.get("page_size") || 50;

  async function refresh() {
    request?.abort();
    const mine = new AbortController();
    request = mine;
    element.setAttribute("aria-busy", "true");
    try {
      const answer = await backend.listRuns(toParams(filters, pageSize()), { signal: mine.signal });
      if (request !== mine) return;
      shown = answer;
      // deleting the last run of the last page leaves an empty page behind
      if (!answer.runs.length && answer.total > 0 && filters.offset > 0) {
        filters = { ...filters, offset: pageOf(filters.offset, pageSize(), answer.total).previous ?? 0 };
        await refresh();
        return;
      }
      draw();
    } catch (error) {
      if (error.name === "AbortError") return;
      fill(list, problem(error, refresh));
      fill(pager);
    } finally {
      if (request === mine) element.removeAttribute("aria-busy");
    }
  }

  function draw() {
    if (list.contains(document.activeElement) && document.activeElement.matches("input[type=text]")) {
      pendingDraw = true; // somebody is typing a name: the table waits
      return;
    }
    pendingDraw = false;
    if (!shown.runs.length) {
      fill(list, emptyHistory({ filtered: isFiltered(filters), actions, clear: () => clearFilters() }));
    } else fill(list, table());
    drawPager();
    drawCompareBar();
  }
  let pendingDraw = false;
  list.addEventListener("focusout", () => setTimeout(() => pendingDraw && draw()));

  function clearFilters() {
    filters = { ...EMPTY_FILTERS, sort: filters.sort };
    drawFilters();
    refresh();
  }

  function drawFilters() {
    const more = isFiltered({ ...filters, q: "" }) || prefs.getPanel("more_filters", false);
    const search = h("input", {
      class: "hp-input hp-search",
      type: "search",
      placeholder: "Search runs",
      "aria-label": "Search runs by name, comment or workflow",
      value: filters.q,
      on: { input: debounce((event) => setFilters({ q: event.target.value }), TYPING_MS) },
    });
    const day = (name, label) =>
      h("input", {
        class: "hp-input",
        type: "date",
        title: label,
        "aria-label": label,
        value: filters[name],
        on: { change: (event) => setFilters({ [name]: event.target.value }) },
      });
    fill(
      filterArea,
      h(
        "div",
        { class: "hp-row" },
        search,
        iconButton("filter", "More filters", () => {
          prefs.setPanel("more_filters", !more);
          drawFilters();
        }, { "aria-expanded": String(more) }),
      ),
      more
        ? h(
            "div",
            { class: "hp-filter-grid" },
            select(STATUSES, filters.status, (status) => setFilters({ status }), { "aria-label": "Status" }),
            select(
              [["", "All workflows"], ["this", "This workflow"]],
              filters.workflow ? "this" : "",
              async (value) => setFilters({ workflow: value ? await context.workflowId() : "" }),
              { "aria-label": "Workflow" },
            ),
            day("since", "From this day"),
            day("until", "To this day"),
            select(
              SORTS.flatMap(([column, label, first]) => {
                const other = nextSort(first, column);
                return [
                  [first, `Sort: ${label}${first.startsWith("-") ? ", largest first" : ""}`],
                  [other, `Sort: ${label}${other.startsWith("-") ? ", largest first" : ", smallest first"}`],
                ];
              }),
              filters.sort,
              setSort,
              { "aria-label": "Order", class: "hp-narrow-only" },
            ),
            button("Clear", clearFilters),
          )
        : null,
    );
  }

  function setSort(sort) {
    filters = { ...filters, sort, offset: 0 };
    prefs.set("run_sort", sort);
    refresh();
  }

  function header(column) {
    const [name, label] = SORTS.find(([id]) => id === column);
    const active = filters.sort.replace(/^-/, "") === name;
    const descending = filters.sort.startsWith("-");
    return h(
      "th",
      { scope: "col", class: `hp-col-${name}`, "aria-sort": active ? (descending ? "descending" : "ascending") : "none" },
      h(
        "button",
        { type: "button", class: "hp-sort", on: { click: () => setSort(nextSort(filters.sort, name)) } },
        label,
        active ? icon(descending ? "sort-down-fill" : "sort-up-fill") : null,
      ),
    );
  }

  function table() {
    return h(
      "table",
      { class: "hp-table hp-runs-table" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col", class: "hp-col-pick" }, h("span", { class: "hp-sr" }, "Compare")),
          header("name"),
          header("timestamp"),
          header("status"),
          header("total_time"),
          header("vram_max"),
          h("th", { scope: "col", class: "hp-col-tools" }, h("span", { class: "hp-sr" }, "Actions")),
        ),
      ),
      h("tbody", {}, shown.runs.map(row)),
    );
  }

  function row(run) {
    const label = runLabel(run);
    const name = h(
      "button",
      { type: "button", class: "hp-link", title: label, on: { click: () => actions.open(run.id) } },
      label,
    );
    const nameCell = h(
      "td",
      { class: "hp-col-name" },
      h("div", { class: "hp-name-line" }, run.pinned ? h("i", { class: "pi pi-star-fill hp-pinned", title: "Baseline" }) : null, name),
      run.global_comment ? h("div", { class: "hp-muted hp-ellipsis", title: run.global_comment }, run.global_comment) : null,
    );
    return h(
      "tr",
      { dataset: { runId: run.id } },
      h(
        "td",
        { class: "hp-col-pick" },
        h("input", {
          type: "checkbox",
          checked: selection.has(run.id),
          "aria-label": `Select ${label} for comparison`,
          on: {
            change: (event) => {
              if (event.target.checked) selection.add(run.id);
              else selection.delete(run.id);
              drawCompareBar();
            },
          },
        }),
      ),
      nameCell,
      h("td", { class: "hp-col-timestamp", title: dateTime(run.timestamp) }, ago(run.timestamp)),
      h("td", { class: "hp-col-status" }, statusChips(run)),
      h("td", { class: "hp-col-total_time hp-number" }, seconds(run.total_time)),
      h("td", { class: "hp-col-vram_max hp-number" }, bytes(run.vram_max)),
      h(
        "td",
        { class: "hp-col-tools" },
        iconButton(run.pinned ? "star-fill" : "star", run.pinned ? "Unpin" : "Pin as baseline", () =>
          context.change(() => backend.patchRun(run.id, { pinned: !run.pinned }), refresh),
        ),
        iconButton("pencil", "Rename", () =>
          editInline(name, {
            value: run.name ?? "",
            label: "Name of the run",
            save: (value) => context.change(() => backend.patchRun(run.id, { name: value }), refresh),
          }),
        ),
        iconButton("comment", "Comment", () =>
          editInline(nameCell, {
            value: run.global_comment ?? "",
            label: "Comment on the run",
            append: true,
            save: (value) => context.change(() => backend.patchRun(run.id, { global_comment: value }), refresh),
          }),
        ),
        iconButton("trash", "Delete", () => context.deleteRun(run, refresh)),
      ),
    );
  }

  function drawPager() {
    const page = pageOf(filters.offset, pageSize(), shown.total);
    const go = (offset) => () => {
      filters = { ...filters, offset };
      refresh().then(() => element.parentElement?.scrollTo?.(0, 0));
    };
    fill(
      pager,
      shown.total
        ? [
            h("span", { class: "hp-muted" }, `${page.from}–${page.to} of ${plural(page.total, "run")}`),
            page.previous !== null || page.next !== null
              ? [
                  iconButton("chevron-left", "Newer page", go(page.previous), { disabled: page.previous === null }),
                  iconButton("chevron-right", "Next page", go(page.next), { disabled: page.next === null }),
                ]
              : null,
          ]
        : null,
    );
  }

  function drawCompareBar() {
    const picked = selection.size;
    compareBar.hidden = picked === 0;
    fill(
      compareBar,
      picked
        ? [
            h("span", {}, picked === 1 ? "1 run selected; pick one more to compare" : `${picked} runs selected`),
            button("Compare", () => actions.compare([...selection]), { disabled: picked < 2, class: "hp-primary" }),
            button("Clear", () => {
              selection.clear();
              draw();
            }),
          ]
        : null,
    );
  }

  drawFilters();
  refresh();
  return { element, refresh, dispose: () => request?.abort() };
}

/** The run's status and what else is worth knowing at a glance. */
export function statusChips(run) {
  return [
    h("span", { class: `hp-chip hp-status-${run.status}` }, statusWord(run.status)),
    run.forced ? h("span", { class: "hp-chip hp-forced", title: "Run by force although the workflow had changed" }, "forced") : null,
    run.snapshot_match === "mismatch" && !run.forced
      ? h("span", { class: "hp-chip hp-mismatch", title: "The workflow was not its reference any more" }, "changed")
      : null,
  ];
}
