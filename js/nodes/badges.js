// Small labels on nodes with the time and VRAM of the last profiled run. Off unless the
// user asks for them.

import * as backend from "../comfy/api.js";
import { rootGraph } from "../comfy/canvas.js";
import { bytes, seconds } from "../ui/format.js";
import { isProfilerNode, walk } from "../comfy/graph.js";
import { app, onEvent, setting, vueNodes } from "../comfy/app.js";

export const BADGES_SETTING = "Holaf.Profiler.Badges";

const badges = new WeakMap();

/** What the badge of a step says: "1.2 s · 3.4 GB". Empty where it has nothing to say. */
function badgeText(step) {
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

/** Give a node its badge, empty at first. Nodes 2.0 only shows badges that were there from the start. */
export function prepareBadge(node) {
  if (setting(BADGES_SETTING, false) === true || vueNodes()) badgeOf(node);
}

function badgeOf(node) {
  const known = badges.get(node);
  if (known) return known;
  const Badge = window.LGraphBadge;
  if (!Badge || !Array.isArray(node.badges)) return null;
  const badge = new Badge({ text: "", fgColor: "#ffffff", bgColor: "#0072b2" });
  badge.label = "";
  // Nodes 2.0 reads badges through observing proxies and redraws what is written through
  // them. Whoever reads the text hands us such a proxy: it is written to later.
  const readers = new Set();
  Object.defineProperty(badge, "text", {
    get() {
      if (this !== badge) readers.add(this);
      return this.label;
    },
  });
  const entry = { badge, readers };
  badges.set(node, entry);
  node.badges.push(badge);
  return entry;
}

function setBadge(node, text) {
  const entry = text ? badgeOf(node) : badges.get(node);
  if (!entry) return;
  for (const reader of entry.readers) reader.label = text;
  entry.badge.label = text; // last: a proxy tells nobody of a value that is there already
}
