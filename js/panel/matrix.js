// Runs put into sets, and several sets each against each: a square for every total, a row for every node.

import { h, select } from "../ui/dom.js";
import { runLabel, seconds } from "../ui/format.js";
import { t, tn } from "../ui/i18n.js";
import { nodeLink, number, pointsAt, table } from "../ui/widgets.js";
import { TOTALS, changeCell } from "./deltas.js";

const SETS_MAX = 8;

/** What a run's set may be called by. */
const LABELS = {
  tag: (run) => (run.tags ?? []).join(", "),
  workflow: (run) => run.workflow_name || String(run.workflow_id || run.workflow_hash || "").slice(0, 8),
  name: (run) => (run.name ?? "").trim(),
  run: numbered,
};

/** A run by its number, then its name: runs that are compared often share one. Never the workflow's name. */
export function numbered({ id, name }) {
  return [runLabel({ id }), name?.trim()].filter(Boolean).join(" · ");
}

/** `[{label, ids}]`, in the order of `runs`; null where that gives fewer than two sets or more than can be compared. */
export function setsOf(runs, by) {
  const sets = new Map();
  for (const run of runs) {
    const label = LABELS[by](run);
    const key = by === "run" ? run.id : label;
    if (!sets.has(key)) sets.set(key, { label: label || "–", ids: [] });
    sets.get(key).ids.push(run.id);
  }
  return sets.size >= 2 && sets.size <= SETS_MAX ? [...sets.values()] : null;
}

/** `found`: what `GET runs/matrix` gives; `labels`: of its sets. */
export function matrix(context, found, labels) {
  const known = TOTALS.filter(([name]) => found.totals[name]?.medians.some((value) => typeof value === "number"));
  const holder = h("div", {});
  const show = (wanted) => holder.replaceChildren(square(found, labels, known.find(([name]) => name === wanted) ?? known[0]));
  if (known.length) show(known[0][0]);
  return h(
    "div",
    { class: "hp-stack hp-matrix" },
    found.notes.map((note) => h("p", { class: "hp-note" }, note)),
    known.length > 1 ? select(known.map(([name, label]) => [name, t(label)]), known[0][0], show, { "aria-label": t("What is compared") }) : null,
    holder,
    h("h3", {}, t("Nodes")),
    table(
      [[t("Node")], ...labels.map((label) => [label])],
      found.nodes.map((node) =>
        h(
          "tr",
          { on: pointsAt(context, [node.node_id]) },
          h("td", { class: "hp-step-name" }, nodeLink(context, node)),
          node.medians.map((median, index) => medianCell(median, node.deltas[index], seconds)),
        ),
      ),
    ),
  );
}

/** Each row's set against each column's. */
function square(found, labels, [name, label, format]) {
  const { medians, deltas } = found.totals[name];
  const shown = table(
    [[t(label)], [t("Median")], ...labels.map((column) => [column, t("against {set}", { set: column })])],
    labels.map((row, at) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, row, h("div", { class: "hp-muted" }, tn("{n} run|{n} runs", found.sets[at].counted_ids.length))),
        number(format(medians[at])),
        deltas[at].map((delta) => (delta ? changeCell(delta, format) : h("td", { class: "hp-number hp-muted" }, "–"))),
      ),
    ),
  );
  shown.tabIndex = 0; // nothing in it takes the focus, and it may have to be scrolled
  return shown;
}

/** A median, and below it its change against the first set. */
function medianCell(median, delta, format) {
  const cell = delta ? changeCell(delta, format) : h("td", { class: "hp-number" });
  cell.prepend(h("div", {}, format(median)));
  return cell;
}
