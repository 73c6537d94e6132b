// One workflow over its runs: the line of times, what it says, and each node's times.

import * as backend from "../comfy/api.js";
import { highlight } from "../comfy/canvas.js";
import { fill, h, iconButton } from "../ui/dom.js";
import { bytes, count, plural, range, seconds, share, signed } from "../ui/format.js";
import { loading, problem } from "../ui/messages.js";
import { nodeLink } from "../ui/node_link.js";
import { table } from "../ui/table.js";
import { createTrendChart } from "./trend_chart.js";
import { leakSentence, memorySentence, nodeStatistics, timeSentence } from "./trend_words.js";

const LAST_RUNS = 200;
const MOST_NODES = 200;

/** `runId`: the run from which one came; `workflow`: its workflow's id or hash. Returns `{element, refresh, concerns, dispose}`. */
export function createHistoryView(context, { runId, workflow }) {
  let request = null;
  const summary = h("div", { class: "hp-stack" }, loading());
  const chart = createTrendChart({ currentId: runId, open: context.actions.open });
  const details = h("div", { class: "hp-stack" });
  const element = h(
    "section",
    { class: "hp-history", "aria-label": "History" },
    h(
      "div",
      { class: "hp-row" },
      iconButton("arrow-left", "Back to the run", () => context.actions.open(runId)),
      h("h2", { class: "hp-run-title" }, "History of this workflow"),
    ),
    summary,
    chart.element,
    details,
  );

  async function load() {
    request?.abort();
    const mine = new AbortController();
    request = mine;
    try {
      const trends = await backend.getTrends({ workflow, last: LAST_RUNS, limit: MOST_NODES }, { signal: mine.signal });
      if (request === mine) draw(trends);
    } catch (error) {
      if (error.name !== "AbortError") fill(summary, problem(error, load));
    }
  }

  function draw({ runs, totals, nodes, total, leaks }) {
    chart.update(runs);
    if (!runs.length) {
      fill(summary, h("p", { class: "hp-empty" }, "No run of this workflow has come to its end yet."));
      fill(details);
      return;
    }
    fill(
      summary,
      figures(totals),
      h("p", { class: "hp-note" }, timeSentence(totals.total_time)),
      [
        ["The peak of GPU memory", totals.vram_max],
        ["The peak of main memory", totals.ram_max_bytes],
      ]
        .map(([name, trend]) => memorySentence(name, trend))
        .filter(Boolean)
        .map((sentence) => h("p", { class: "hp-note" }, sentence)),
      leaks.map((leak) => h("p", { class: "hp-warning" }, nodeLink(context, leak), ` ${leakSentence(leak)}`)),
    );
    fill(
      details,
      runs.some(({ id }) => id === runId)
        ? null
        : h("p", { class: "hp-muted" }, `Run ${runId} is not among these: only runs that came to their end count, the newest ${LAST_RUNS} at most.`),
      h("h3", {}, "Nodes"),
      statistics(nodes),
      total > nodes.length ? h("p", { class: "hp-muted" }, `The ${nodes.length} slowest of ${plural(total, "node")}.`) : null,
    );
  }

  function figures({ total_time, vram_max, ram_max_bytes }) {
    const entries = [
      ["Usual time", seconds(total_time.median)],
      ["Usual VRAM peak", bytes(vram_max.median)],
      ["Usual RAM peak", bytes(ram_max_bytes.median)],
    ];
    return h(
      "div",
      { class: "hp-figures" },
      entries.map(([label, value]) =>
        h("div", { class: "hp-figure", title: "Median of these runs" }, h("span", { class: "hp-muted" }, label), h("strong", {}, value)),
      ),
    );
  }

  function statistics(nodes) {
    if (!nodes.length) return h("p", { class: "hp-empty" }, "No node was recorded in these runs.");
    return table(
      [
        ["Node", "The node's title and id"],
        ["Median", "Half of its runs took longer, half took less"],
        ["Spread", "From its fastest run to its slowest"],
        ["Runs", "In how many runs it really ran, and did not come from the cache"],
        ["Change", "Slower or faster from the first run to the last, where that is sure"],
      ],
      nodeStatistics(nodes).map((node) =>
        h(
          "tr",
          { on: { mouseenter: () => highlight([node.node_id]), mouseleave: () => highlight(null) } },
          h("td", { class: "hp-step-name" }, nodeLink(context, node)),
          h("td", { class: "hp-number" }, seconds(node.median_s)),
          h("td", { class: "hp-number" }, range(node.least_s, node.most_s, seconds)),
          h("td", { class: "hp-number" }, count(node.run_count)),
          h(
            "td",
            { class: `hp-number ${node.change === null ? "" : node.change > 0 ? "hp-worse" : "hp-better"}` },
            node.change === null ? "" : signed(node.change, share),
          ),
        ),
      ),
      "hp-node-statistics",
    );
  }

  load();
  return {
    element,
    refresh: load,
    concerns: (what) => what === "run",
    dispose() {
      request?.abort();
      chart.dispose();
      highlight(null);
    },
  };
}
