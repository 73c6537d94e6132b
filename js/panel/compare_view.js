// Two or more runs side by side: totals, nodes, and what was different around them.

import * as backend from "../comfy/api.js";
import { button, field, fill, h, select } from "../ui/dom.js";
import { bytes, seconds, unbroken } from "../ui/format.js";
import { t } from "../ui/i18n.js";
import { fold, loading, nodeLink, number, openFold, pointsAt, problem, table, viewHead, wrappedRow } from "../ui/widgets.js";
import { TOTALS, changeCell } from "./deltas.js";
import { copyText, saveFile } from "./export.js";
import { matrix, numbered, setsOf } from "./matrix.js";

const OPEN_RUNS = 4;

/** Returns `{element, ready, refresh, concerns, dispose}`. */
export function createCompareView(context, ids) {
  const order = [...ids].sort((a, b) => a - b);
  let baselineIds = null; // null: the server takes the pinned runs, all of them
  let runs = new Map();
  let setsBy = ""; // one baseline against all others
  let here = context;
  const element = h("section", { class: "hp-compare", "aria-label": t("Comparison") }, loading(t("Comparing")));

  async function load() {
    try {
      const sets = setsBy && setsOf([...runs.values()], setsBy);
      if (sets) {
        const found = await backend.compareSets(sets.map((set) => set.ids));
        fill(element, head(), chooser(), matrix(here, found, sets.map((set) => set.label)));
        return;
      }
      const comparison = await backend.compareRuns(order, baselineIds);
      runs = new Map(comparison.runs.map((run) => [run.id, run]));
      here = context.forRun(comparison.runs.find((run) => run.workflow_id) ?? {});
      draw(comparison);
    } catch (error) {
      fill(element, head(), problem(error, load));
    }
  }

  const label = (id) => numbered(runs.get(id) ?? { id });

  const head = () => viewHead(context, t("Comparing {n} runs", { n: order.length }));

  const file = (format) => backend.exportComparison(order, baselineIds, format);
  const fileName = (format) => `comparison_${order.slice(0, 6).join("_")}.${format}`;

  const save = (format) => (format ? saveFile(context, file(format), fileName(format)) : Promise.resolve());

  /** What one does with a comparison. */
  function tools() {
    const formats = [
      ["csv", t("Spreadsheet (csv)")],
      ["md", t("Markdown (md)")],
      ["html", t("Web page (html)")],
    ];
    const saver = select([["", t("Save as…")], ...formats], "", (format) => save(format).then(() => (saver.value = "")), { "aria-label": t("Save as") });
    const copy = () => copyText(context, () => file("md"), fileName("md"), t("The comparison is on the clipboard as Markdown."));
    return wrappedRow(button(t("Copy as Markdown"), copy, { iconName: "copy" }), saver);
  }

  /** More than two runs may be compared as sets, each with each. */
  function chooser() {
    const all = [...runs.values()];
    const ways = [
      ["tag", t("sets by tag")],
      ["workflow", t("sets by workflow")],
      ["name", t("sets by name")],
      ["run", t("each run with each")],
    ].filter(([by]) => order.length > 2 && setsOf(all, by));
    if (!ways.length) return null;
    return field(
      t("Compare"),
      select([["", t("one with the others")], ...ways], setsBy, (by) => {
        setsBy = by;
        load();
      }),
    );
  }

  /** Which runs the others are compared with: any, one at least, not all. */
  function baselines(chosen) {
    const type = order.length > 2 ? "checkbox" : "radio"; // of two, one takes the other's place
    const boxes = order.map((id) => h("input", { type, name: "hp-baseline", value: String(id), checked: chosen.includes(id), on: { change: choose } }));
    function choose() {
      const wanted = boxes.filter(({ checked }) => checked).map(({ value }) => Number(value));
      if (!wanted.length || wanted.length === order.length) {
        context.say(t("Both sides need a run."));
        this.checked = !this.checked;
        return;
      }
      baselineIds = wanted;
      load();
    }
    return h(
      "details",
      { class: "hp-fold", open: order.length <= OPEN_RUNS },
      h("summary", {}, t("Baseline: {runs}", { runs: chosen.map(label).join(", ") })),
      order.map((id, at) => h("label", { class: "hp-check" }, boxes[at], label(id))),
    );
  }

  /** Runs of different kinds are no equals: one may look at those of one kind alone. */
  function kinds(found) {
    const choices = found.filter(({ run_ids: ids }) => ids.length > 1);
    if (found.length < 2 || !choices.length) return null;
    return wrappedRow(
      h("span", { class: "hp-muted" }, t("Compare only:")),
      choices.map(({ label: kind, run_ids: ids }) => button(`${kind} (${ids.length})`, () => context.actions.compare(ids))),
    );
  }

  function draw(comparison) {
    fill(
      element,
      head(),
      h("p", { class: "hp-headline" }, unbroken(comparison.headline)),
      comparison.surest ? h("p", {}, comparison.surest) : null,
      chooser(),
      baselines(comparison.baseline_ids),
      comparison.notes.map((note) => h("p", { class: "hp-note" }, note)),
      kinds(comparison.kinds),
      totals(comparison),
      changes(comparison.changes),
      h("h3", {}, t("Nodes")),
      nodes(comparison),
      groups(comparison),
      owners(comparison.owners ?? []),
      tools(),
    );
  }

  const sideHeaders = () => [[""], [t("Change")], [t("Baseline")], [order.length > 2 ? t("Others") : t("Other")]];

  function totals(comparison) {
    return table(
      sideHeaders(),
      TOTALS.filter(([name]) => isKnown(comparison.totals?.[name])).map(([name, words, format]) => {
        const delta = comparison.totals[name];
        return h(
          "tr",
          {},
          h("th", { scope: "row" }, t(words)),
          changeCell(delta, format, comparison.verdicts[name]),
          number(format(delta.baseline)),
          number(format(delta.candidate)),
        );
      }),
    );
  }

  function nodes(comparison) {
    const rows = comparison.nodes ?? [];
    if (!rows.length) return h("p", { class: "hp-empty" }, t("These runs have no nodes to compare."));
    const runIds = [...comparison.baseline_ids, ...comparison.candidate_ids];
    const hasVram = rows.some((node) => isKnown(node.deltas?.vram_max));
    return table(
      [[t("Node")], [t("Change")], ...runIds.map((id) => [label(id)]), ...(hasVram ? [[t("VRAM peak")]] : [])],
      rows.map((node) =>
        h(
          "tr",
          {
            class: onOneSide(node) ? `hp-only-${node.pairing.split(" ")[0]}` : "",
            on: pointsAt(here, [node.node_id]),
          },
          h(
            "td",
            { class: "hp-step-name" },
            nodeLink(here, node),
            !onOneSide(node)
              ? null
              : h("span", { class: "hp-chip" }, node.pairing === "baseline only" ? t("only in the baseline") : t("not in the baseline")),
          ),
          changeCell(node.deltas?.exec_time, seconds, node.verdict),
          (node.exec_times ?? []).map((time, index) =>
            number(node.statuses?.[index] === "cached" ? t("cached") : time === null ? "–" : seconds(time)),
          ),
          hasVram ? changeCell(node.deltas?.vram_max, bytes) : null,
        ),
      ),
    );
  }

  function groups({ groups: found }) {
    if (!found.length) return null;
    return [
      h("h3", {}, t("Groups")),
      table(
        sideHeaders(),
        found.map(({ name, deltas: { exec_time: delta } }) => h("tr", {}, h("th", { scope: "row" }, name), changeCell(delta, seconds), number(seconds(delta.baseline)), number(seconds(delta.candidate)))),
      ),
    ];
  }

  /** What is different beneath the numbers, in words. */
  function changes(entries) {
    if (!entries.length) return null;
    return openFold(`${t("What changed")} (${entries.length})`, h("ul", {}, entries.map(({ detail }) => h("li", {}, detail))));
  }

  function owners(entries) {
    if (!entries.length) return null;
    return fold(
      `${t("Whose code took the time")} (${entries.length})`,
      table(
        [[""], [t("Baseline")], [t("Other")]],
        entries.map(({ kind, owner, baseline, candidate }) =>
          h("tr", {}, h("th", { scope: "row" }, kind === "gpu_wait" ? t("waiting for the GPU") : owner), h("td", { class: "hp-side" }, seconds(baseline)), h("td", { class: "hp-side" }, seconds(candidate))),
        ),
      ),
    );
  }

  return {
    ready: load(),
    element,
    refresh: load,
    concerns: (what, id) => what === "run" && order.includes(Number(id)),
    dispose: () => here.highlight?.(null),
  };
}

const onOneSide = ({ pairing }) => pairing.endsWith(" only");

const isKnown = (delta) => typeof (delta?.baseline ?? delta?.candidate) === "number";
