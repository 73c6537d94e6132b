// Two or more runs side by side: totals, nodes, and what was different around them.

import * as backend from "../comfy/api.js";
import { fill, h, iconButton, select } from "../ui/dom.js";
import { MISSING, bytes, joules, seconds, share, signed } from "../ui/format.js";
import { highlight } from "../comfy/canvas.js";
import { loading, problem } from "../ui/messages.js";
import { nodeLink } from "../ui/node_link.js";
import { table } from "../ui/table.js";

const TOTALS = [
  ["total_time", "Time", seconds],
  ["vram_max", "VRAM peak", bytes],
  ["ram_max_bytes", "RAM peak", bytes],
  ["energy_joules", "Energy", joules],
];

/** Returns `{element, refresh, concerns, dispose}`. */
export function createCompareView(context, ids) {
  const order = [...ids].sort((a, b) => a - b);
  let baselineId = null;
  let runs = new Map();
  const element = h("section", { class: "hp-compare", "aria-label": "Comparison" }, loading("Comparing"));

  async function load() {
    try {
      const comparison = await backend.compareRuns(order, baselineId);
      baselineId ??= comparison.baseline_ids[0];
      runs = new Map(comparison.runs.map((run) => [run.id, run]));
      draw(comparison);
    } catch (error) {
      fill(element, head(), problem(error, load));
    }
  }

  const label = (id) => {
    const name = (runs.get(id)?.name ?? "").trim();
    return name ? `${name} (${id})` : `Run ${id}`;
  };

  function head() {
    return h(
      "div",
      { class: "hp-row" },
      iconButton("arrow-left", "Back", context.actions.back),
      h("h2", { class: "hp-run-title" }, `Comparing ${order.length} runs`),
    );
  }

  function draw(comparison) {
    const runIds = [...comparison.baseline_ids, ...comparison.candidate_ids];
    fill(
      element,
      head(),
      h(
        "label",
        { class: "hp-field" },
        h("span", {}, "Baseline"),
        select(
          order.map((id) => [String(id), label(id)]),
          String(baselineId),
          (value) => {
            baselineId = Number(value);
            load();
          },
        ),
      ),
      (comparison.notes ?? []).map((note) => h("p", { class: "hp-note" }, String(note))),
      totals(comparison),
      h("h3", {}, "Nodes"),
      nodes(comparison, runIds),
      differences("Settings that differ", comparison.settings),
      differences("Environment that differs", comparison.environment),
    );
  }

  function totals(comparison) {
    const many = order.length > 2;
    return table(
      [[""], ["Change"], ["Baseline"], [many ? "Others" : "Other"]],
      TOTALS.filter(([name]) => comparison.totals?.[name]).map(([name, words, format]) => {
        const delta = comparison.totals[name];
        return h(
          "tr",
          {},
          h("th", { scope: "row" }, words),
          changeCell(delta, format),
          number(format(delta.baseline)),
          number(format(delta.candidate)),
        );
      }),
    );
  }

  function nodes(comparison, runIds) {
    const rows = comparison.nodes ?? [];
    if (!rows.length) return h("p", { class: "hp-empty" }, "These runs have no nodes to compare.");
    return table(
      [["Node"], ["Change"], ...runIds.map((id) => [label(id)]), ["VRAM peak"]],
      rows.map((node) =>
        h(
          "tr",
          {
            class: node.presence === "both" ? "" : `hp-only-${node.presence}`,
            on: { mouseenter: () => highlight([node.node_id]), mouseleave: () => highlight(null) },
          },
          h(
            "td",
            { class: "hp-step-name" },
            nodeLink(context, node),
            node.presence === "both"
              ? null
              : h("span", { class: "hp-chip" }, node.presence === "baseline" ? "only in the baseline" : "not in the baseline"),
          ),
          changeCell(node.deltas?.exec_time, seconds),
          (node.exec_times ?? []).map((time, index) =>
            number(node.statuses?.[index] === "cached" ? "cached" : time === null ? "–" : seconds(time)),
          ),
          changeCell(node.deltas?.vram_max, bytes),
        ),
      ),
    );
  }

  function differences(title, entries) {
    if (!entries?.length) return null;
    return h(
      "details",
      { class: "hp-fold" },
      h("summary", {}, `${title} (${entries.length})`),
      table(
        [[""], ["Baseline"], ["Other"]],
        entries.map((entry) =>
          h("tr", {}, h("th", { scope: "row" }, entry.name), h("td", {}, entry.baseline ?? MISSING), h("td", {}, entry.candidate ?? MISSING)),
        ),
      ),
    );
  }

  load();
  return {
    element,
    refresh: load,
    concerns: (what, id) => what === "run" && order.includes(Number(id)),
    dispose: () => highlight(null),
  };
}

const number = (text) => h("td", { class: "hp-number" }, text);

/** Less is better in everything compared here; a change within the noise has no colour. */
function changeCell(delta, format) {
  const change = delta?.change ?? null;
  const tone = change === null || change === 0 || delta.is_noise ? "" : change < 0 ? "hp-better" : "hp-worse";
  return h(
    "td",
    { class: `hp-number ${tone}`, title: delta?.is_noise ? "No larger than runs differ by chance" : "" },
    change === null ? MISSING : signed(change, format),
    relative(delta) ? h("div", { class: "hp-muted" }, relative(delta)) : null,
  );
}

function relative(delta) {
  if (!delta || delta.ratio === null || delta.ratio === undefined) return "";
  const change = delta.ratio - 1;
  if (Math.abs(change) < 0.0005) return "";
  return signed(change, share);
}
