// Small labels on nodes with the time and VRAM of the last profiled run. Off unless the
// user asks for them.

import * as backend from "../backend.js";
import { rootGraph } from "../canvas.js";
import { bytes, seconds } from "../format.js";
import { isProfilerNode, walk } from "../graph_walk.js";
import { app, onEvent, setting } from "../host.js";

export const BADGES_SETTING = "Holaf.Profiler.Badges";

const getters = new WeakMap();

/** What the badge of a step says: "1.2 s · 3.4 GB". Empty where it has nothing to say. */
export function badgeText(step) {
  if (!step) return "";
  if (step.status === "cached") return "cached";
  if (typeof step.exec_time !== "number") return "";
  return typeof step.vram_max === "number" && step.vram_max > 0
    ? `${seconds(step.exec_time)} · ${bytes(step.vram_max)}`
    : seconds(step.exec_time);
}

/** Listen to runs. Returns `{refresh(workflowId), clear}`. */
export function createBadges() {
  const isOn = () => setting(BADGES_SETTING, false) === true;

  function put(steps) {
    const byId = new Map(steps.map((step) => [String(step.node_id), step]));
    for (const { node, id } of walk(rootGraph())) {
      if (!isProfilerNode(node)) setBadge(node, badgeText(byId.get(id)));
    }
    app.canvas?.setDirty?.(true, true);
  }

  onEvent("holaf.profiler.run_finished", (event) => {
    const open = String(rootGraph()?.id ?? "");
    if (isOn() && Array.isArray(event.nodes) && (!event.workflow_id || String(event.workflow_id) === open)) put(event.nodes);
  });

  return {
    /** Show the last run of this workflow, as after opening it or switching badges on. */
    async refresh(workflowId) {
      if (!isOn() || !workflowId) return;
      try {
        const { runs } = await backend.listRuns({ workflow: workflowId, limit: 1, sort: "-timestamp" });
        if (runs.length) put((await backend.getRun(runs[0].id)).steps);
      } catch {
        // badges are an extra: without the server there are none
      }
    },
    clear: () => put([]),
  };
}

function setBadge(node, text) {
  const Badge = window.LGraphBadge;
  if (!Badge || !Array.isArray(node.badges)) return;
  const old = getters.get(node);
  if (!old && !text) return;
  const rest = node.badges.filter((badge) => badge !== old);
  getters.delete(node);
  if (text) {
    const badge = new Badge({ text, fgColor: "#ffffff", bgColor: "#0072b2" });
    const getter = () => badge;
    getters.set(node, getter);
    rest.push(getter);
  }
  node.badges = rest;
  // Nodes 2.0 keeps a copy of the list and only looks again when it is told.
  node.graph?.trigger?.("node:property:changed", {
    type: "node:property:changed",
    nodeId: node.id,
    property: "badges",
    oldValue: undefined,
    newValue: rest,
  });
}
