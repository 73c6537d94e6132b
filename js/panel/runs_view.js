// The history: one page of runs, sorted and filtered by the server; what is ticked is compared,
// saved or deleted together.

import * as backend from "../comfy/api.js";
import { button, fill, h, icon, iconButton, select } from "../ui/dom.js";
import { t, tn } from "../ui/i18n.js";
import { problem } from "../ui/widgets.js";
import { importButton } from "./bundle.js";
import { FORMATS, download, downloadHistory } from "./export.js";
import { createRunsFilters } from "./runs_filters.js";
import { EMPTY_FILTERS, isFiltered, pageOf, runNumber, toParams, withFilter } from "./runs_query.js";
import { createRunsTable } from "./runs_table.js";
import { tagMany } from "./tags.js";

/** `context`: see panel.js. */
export function createRunsView(context) {
  const { prefs, actions, selection, kept } = context;
  let filters = kept.filters ?? { ...EMPTY_FILTERS, sort: prefs.get("run_sort") || EMPTY_FILTERS.sort };
  let shown = { runs: [], total: 0 };
  let baselines = new Map();
  let workflows = new Map();
  let facets = { workflows: [], tags: [] };
  let request = null;

  /** What a run's workflow is called: as it was then, else as its newest run calls it. */
  const nameOf = (run) => run.workflow_name || workflows.get(run.workflow_id || run.workflow_hash) || "";

  const pager = h("div", { class: "hp-pager" });
  const selected = h("div", { class: "hp-selected", hidden: true });
  const empty = h("div", {});
  const table = createRunsTable(context, {
    sort: () => filters.sort,
    setSort: (sort) => setFilters({ sort }),
    setTag(tag) {
      setFilters({ tag });
      bar.draw();
    },
    nameOf,
    onTick: drawSelected,
    pin,
  });
  const bar = createRunsFilters(context, { get: () => filters, change: setFilters, facets: () => facets });
  const element = h("section", { class: "hp-runs", "aria-label": t("Runs") }, bar.element, table.element, empty, pager, selected);

  function setFilters(changes) {
    if (changes.sort) prefs.set("run_sort", changes.sort);
    filters = withFilter(filters, changes);
    kept.filters = filters;
    refresh();
  }

  const pageSize = () => prefs.get("page_size") || 50;

  /** The workflows and tags that the whole history holds. */
  async function loadFacets() {
    const [found, tagged] = await Promise.all([
      backend.listWorkflows().catch(() => ({ workflows: [] })),
      backend.listTags().catch(() => ({ tags: [] })),
    ]);
    const before = JSON.stringify(facets);
    workflows = new Map(found.workflows.map(({ workflow, name }) => [workflow, name]));
    const label = ({ workflow, name, run_count: n }) => `${name || workflow.slice(0, 8)} (${n})`;
    facets = {
      workflows: found.workflows.filter(({ workflow }) => workflow !== context.workflowId()).map((entry) => [entry.workflow, label(entry)]),
      tags: tagged.tags.map(({ tag, run_count: n }) => [tag, `${tag} (${n})`]),
    };
    if (JSON.stringify(facets) === before) return;
    if (!bar.element.contains(document.activeElement)) bar.draw();
    draw();
  }

  const importer = importButton(context, () => refresh());

  async function refresh() {
    request?.abort();
    const mine = new AbortController();
    request = mine;
    element.setAttribute("aria-busy", "true");
    try {
      const [answer, named] = await Promise.all([
        backend.listRuns(toParams(filters, pageSize()), { signal: mine.signal }),
        runByNumber(mine.signal),
      ]);
      if (request !== mine) return;
      if (named && !answer.runs.some(({ id }) => id === named.id)) {
        answer.runs.unshift(named);
        answer.total += 1;
      }
      const isSame = table.element.childElementCount > 0 && JSON.stringify(answer) === JSON.stringify(shown);
      shown = answer;
      if (isSame) return; // what is drawn anew between press and release of a button misses its click
      // deleting the last run of the last page leaves an empty page behind
      if (!answer.runs.length && answer.total > 0 && filters.offset > 0) {
        filters = { ...filters, offset: pageOf(filters.offset, pageSize(), answer.total).previous ?? 0 };
        await refresh();
        return;
      }
      draw();
    } catch (error) {
      if (error.name === "AbortError") return;
      table.draw([], baselines);
      fill(empty, problem(error, refresh));
      fill(pager);
    } finally {
      if (request === mine) element.removeAttribute("aria-busy");
    }
  }

  /** The run whose visible number is searched for: "1003", "#1003", "Run 1003". */
  async function runByNumber(signal) {
    const number = runNumber(filters.q);
    if (number === null) return null;
    return backend.getRun(number, { signal }).then(({ run }) => run, () => null);
  }

  /** The pinned runs' times by workflow: what the Change column compares with. */
  async function loadBaselines() {
    try {
      const { runs } = await backend.listRuns({ pinned: true, limit: 200 });
      baselines = new Map();
      for (const run of runs) {
        const workflow = run.workflow_id || run.workflow_hash;
        if (typeof run.total_time === "number") baselines.set(workflow, [...(baselines.get(workflow) ?? []), run.total_time]);
      }
      if (baselines.size) draw();
    } catch {
      // without baselines the column stays empty
    }
  }

  async function pin(run) {
    if (await context.change(() => backend.patchRun(run.id, { pinned: !run.pinned }))) loadBaselines();
  }

  function draw() {
    table.draw(shown.runs, baselines);
    fill(empty, shown.runs.length ? null : emptyHistory());
    drawPager();
    drawSelected();
  }

  function emptyHistory() {
    if (isFiltered(filters)) {
      const clear = () => {
        setFilters({ ...EMPTY_FILTERS, sort: filters.sort });
        bar.draw();
      };
      return h("div", { class: "hp-empty" }, h("p", {}, t("No run matches these filters.")), button(t("Clear filters"), clear));
    }
    const hasStart = actions.hasStart();
    return h(
      "div",
      { class: "hp-empty" },
      icon("stopwatch"),
      h("p", {}, h("strong", {}, t("No runs recorded yet."))),
      h(
        "p",
        {},
        hasStart
          ? t("This workflow has a Profiler Start. Run it once, and the run appears here.")
          : t("Put a Profiler Start and a Profiler Report into this workflow, then run it. No wires needed."),
      ),
      hasStart
        ? button(t("Run profile"), actions.run, { class: "hp-primary", iconName: "play" })
        : button(t("Profile this workflow"), actions.addNodes, { class: "hp-primary", iconName: "plus" }),
    );
  }

  function drawPager() {
    const page = pageOf(filters.offset, pageSize(), shown.total);
    const go = (offset) => () => {
      filters = { ...filters, offset };
      kept.filters = filters;
      refresh().then(() => element.parentElement?.scrollTo?.(0, 0));
    };
    fill(
      pager,
      shown.total
        ? [
            h("span", { class: "hp-muted" }, tn("{from}–{to} of {n} run|{from}–{to} of {n} runs", page.total, page)),
            page.previous !== null || page.next !== null
              ? [
                  iconButton("chevron-left", t("Newer page"), go(page.previous), { disabled: page.previous === null }),
                  iconButton("chevron-right", t("Next page"), go(page.next), { disabled: page.next === null }),
                ]
              : null,
          ]
        : null,
      importer,
    );
  }

  /** Stands at the bottom, so that ticking a run moves nothing. */
  function drawSelected() {
    const ids = [...selection];
    selected.hidden = !ids.length;
    if (!ids.length) return fill(selected);
    const runs = ids.map((id) => shown.runs.find((run) => run.id === id) ?? { id });
    return fill(
      selected,
      h("span", {}, tn("{n} run selected|{n} runs selected", ids.length)),
      button(t("Compare"), () => actions.compare(ids), {
        disabled: ids.length < 2,
        class: "hp-primary",
        title: ids.length < 2 ? t("Tick one more run to compare") : t("Compare these runs"),
      }),
      button(t("Delete"), () => context.deleteRuns(runs)),
      iconButton("times", t("Clear the selection"), () => {
        selection.clear();
        draw();
      }),
      select(
        [["", t("Save as…")], ["history", t("One file for another Profiler (db)")], ...FORMATS()],
        "",
        async (format) => {
          if (format === "history") await downloadHistory(context, ids);
          else for (const run of runs) await download(context, run, format);
          drawSelected();
        },
        { "aria-label": t("Save the selected runs as") },
      ),
      tagMany(context, ids, facets.tags.map(([tag]) => tag), drawSelected),
    );
  }

  const ready = refresh();
  ready.then(loadBaselines).then(loadFacets); // the rows come first
  return {
    element,
    ready: ready.then(() => table.whole),
    refresh: () => refresh().then(loadFacets),
    concerns: (what) => what !== "group",
    dispose: () => request?.abort(),
  };
}
