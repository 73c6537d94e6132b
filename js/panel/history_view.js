// One workflow over its runs: the line of times, what it says, and each node's times.

import * as backend from "../comfy/api.js";
import { button, field, fill, h, select } from "../ui/dom.js";
import { bytes, count, range, seconds, share, signed, unbroken } from "../ui/format.js";
import { t, tn } from "../ui/i18n.js";
import { figures, loading, nodeLink, pointsAt, problem, table, viewHead } from "../ui/widgets.js";
import { createTrendChart } from "./trend_chart.js";
import { forecastFold } from "./forecast_form.js";
import { changeSentence, clearChange, leakSentence, memorySentence, nodeStatistics } from "./trend_words.js";

const LAST_RUNS = 200;
const MOST_NODES = 200;
const MOST_CHANGES = 6;

/** `runId`: the run from which one came; `workflow`: its workflow's id or hash. Returns `{element, ready, refresh, concerns, dispose}`. */
export function createHistoryView(context, { runId, workflow }) {
  const here = context.forRun({ id: runId, workflow_id: workflow });
  const query = { workflow, last: LAST_RUNS };
  const summary = h("div", { class: "hp-stack" }, loading());
  const chart = createTrendChart({ currentId: runId, open: context.actions.open });
  const details = h("div", { class: "hp-stack" });
  const element = h(
    "section",
    { class: "hp-history", "aria-label": t("History") },
    viewHead(context, t("History of this workflow")),
    summary,
    chart.element,
    details,
  );

  const { load, stop } = backend.newest((options) => backend.getTrends({ ...query, limit: MOST_NODES }, options), draw, (error) => fill(summary, problem(error, load)));

  function draw(trends) {
    const { runs, totals, nodes, total, leaks, change_points: changes } = trends;
    chart.update(runs, { counted: new Set(trends.counted_ids), marks: marks(trends) });
    if (!runs.length) {
      fill(summary, h("p", { class: "hp-empty" }, t("No run of this workflow has come to its end yet.")));
      fill(details);
      return;
    }
    fill(
      summary,
      h("p", { class: "hp-headline" }, unbroken(trends.headline)),
      kinds(trends),
      figures(usual(totals)),
      [...trends.lines, ...trends.notes].map((line) => h("p", { class: "hp-note" }, line)),
      [
        [t("The peak of GPU memory"), totals.vram_max],
        [t("The peak of main memory"), totals.ram_max_bytes],
      ]
        .map(([name, trend]) => memorySentence(name, trend))
        .filter(Boolean)
        .map((sentence) => h("p", { class: "hp-note" }, sentence)),
      changes.length
        ? h(
            "ul",
            { class: "hp-stack" },
            latest(changes).map((point) =>
              h("li", { class: "hp-note" }, point.node_id ? [nodeLink(here, point), " · "] : null, changeSentence(point), " ", button(t("Open"), () => context.actions.open(point.run_id))),
            ),
          )
        : null,
      leaks.map((leak) => h("p", { class: "hp-warning" }, leak.node_id ? [nodeLink(here, leak), " · "] : null, leakSentence(leak))),
    );
    fill(
      details,
      runs.some(({ id }) => id === runId)
        ? null
        : h("p", { class: "hp-muted" }, t("Run {id} is not among these: only runs that came to their end count, the newest {most} at most.", { id: runId, most: LAST_RUNS })),
      forecastFold(context, query, trends),
      groups(trends.groups),
      h("h3", {}, t("Nodes")),
      statistics(nodes, changes),
      total > nodes.length ? h("p", { class: "hp-muted" }, tn("The {shown} slowest of {n} node.|The {shown} slowest of {n} nodes.", total, { shown: nodes.length })) : null,
    );
  }

  const frameTime = (time) => (time > 0 ? `${seconds(time)} (${(1 / time).toPrecision(3)} fps)` : seconds(time));

  /** The newest changes, those of the run itself before those of its nodes. */
  function latest(changes) {
    const newest = changes.slice().reverse();
    return [...newest.filter((point) => !point.node_id), ...newest.filter((point) => point.node_id)].slice(0, MOST_CHANGES);
  }

  /** Runs that began or were measured otherwise are never mixed: one chooses which to see. */
  function kinds({ kinds: found, counted_ids: counted }) {
    if (found.length < 2) return null;
    const shown = found.find(({ run_ids: ids }) => ids.includes(counted[0]));
    const options = found.map(({ label, run_ids: ids }) => [label, `${label}: ${tn("{n} run|{n} runs", ids.length)}`]);
    return field(
      t("Shown"),
      select(options, shown?.label, (kind) => {
        query.kind = kind;
        load();
      }),
    );
  }

  /** `{id, text, isChange}` of every run from which on something was different. */
  function marks({ change_points: changes, environment_changes: environments }) {
    return [
      ...environments.map(({ run_id: id, details }) => ({ id, text: t("Changed there: {causes}", { causes: details.join("; ") }) })),
      ...changes.filter(({ metric }) => metric === "total_time").map((point) => ({ id: point.run_id, text: changeSentence(point), isChange: true })),
    ];
  }

  function usual({ total_time, vram_max, ram_max_bytes, frame_time_s }) {
    return [
      [t("Usual time"), total_time.median, seconds],
      [t("Usual time a frame"), frame_time_s.median, frameTime],
      [t("Usual VRAM peak"), vram_max.median, bytes],
      [t("Usual RAM peak"), ram_max_bytes.median, bytes],
    ].map((figure) => [...figure, t("Median of these runs")]);
  }

  function groups(found) {
    if (!found.length) return null;
    return [
      h("h3", {}, t("Groups")),
      table(
        [[t("Group")], [t("Median"), t("Half of its runs took longer, half took less")], [t("Change"), t("Slower or faster from the first run to the last, where that is sure")]],
        found.map(({ name, exec_time: time }) => h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "hp-number" }, seconds(time.median)), clearCell(clearChange(time)))),
      ),
    ];
  }

  const clearCell = (change) => h("td", { class: `hp-number ${change === null ? "" : change > 0 ? "hp-worse" : "hp-better"}` }, change === null ? "" : signed(change, share));

  function statistics(nodes, changes) {
    if (!nodes.length) return h("p", { class: "hp-empty" }, t("No node was recorded in these runs."));
    return table(
      [
        [t("Node"), t("The node's title and id")],
        [t("Median"), t("Half of its runs took longer, half took less")],
        [t("Spread"), t("From its fastest run to its slowest")],
        [t("Runs"), t("In how many runs it really ran, and did not come from the cache")],
        [t("Change"), t("Since its last lasting change, else from the first run to the last, where that is sure")],
      ],
      nodeStatistics(nodes, changes).map((node) =>
        h(
          "tr",
          { on: pointsAt(here, [node.node_id]) },
          h("td", { class: "hp-step-name" }, nodeLink(here, node)),
          h("td", { class: "hp-number" }, seconds(node.median_s)),
          h("td", { class: "hp-number" }, range(node.least_s, node.most_s, seconds)),
          h("td", { class: "hp-number" }, count(node.run_count)),
          clearCell(node.change),
        ),
      ),
      "hp-node-statistics",
    );
  }

  return {
    ready: load(),
    element,
    refresh: load,
    concerns: (what) => what === "run",
    dispose() {
      stop();
      chart.dispose();
      here.highlight(null);
    },
  };
}
