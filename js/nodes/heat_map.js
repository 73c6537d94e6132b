// What a run's nodes took, drawn over the canvas: a tint by share, a label with the figure, a legend.
// A layer of its own, so that it looks the same in both of ComfyUI's renderers and never touches the graph.

import * as backend from "../comfy/api.js";
import { app, onEvent, setting } from "../comfy/app.js";
import { rootGraph, visibleGraph, workflowId } from "../comfy/canvas.js";
import { isProfilerNode, nodeBounds, walk } from "../comfy/graph.js";
import { fill, h, iconButton } from "../ui/dom.js";
import { bytes, seconds, signed } from "../ui/format.js";
import { msg, t } from "../ui/i18n.js";

export const BADGES_SETTING = "Holaf.Profiler.Badges";
const TOGETHER_MS = 100;
const METRICS = {
  exec_time: { label: msg("Active time"), format: seconds, isSum: true },
  vram_max: { label: msg("VRAM peak"), format: bytes },
  ram_max_bytes: { label: msg("RAM peak"), format: bytes },
  change: { label: msg("Change of time"), format: (value) => signed(value, seconds), isSum: true },
};

/** The ids of a node and of what it lies in: `7:3.0` is in `7:3` and in `7`. */
function* around(id) {
  for (let end = id.length; end > 0; end = Math.max(id.lastIndexOf(":", end - 1), id.lastIndexOf(".", end - 1))) yield id.slice(0, end);
}

/** The value of each visible node: its own, or what the steps inside it come to. `[{node, value, isCached}]`. */
export function valuesOf(graph, root, steps, metric) {
  const { isSum } = METRICS[metric];
  const inside = new Map();
  for (const step of steps) for (const id of around(step.node_id)) inside.set(id, [...(inside.get(id) ?? []), step]);
  const found = [];
  for (const { node, graph: owner, id } of walk(root)) {
    const own = inside.get(id);
    if (owner !== graph || isProfilerNode(node) || !own) continue;
    const values = own.filter(({ status }) => status !== "cached").map((step) => step[metric]).filter((value) => typeof value === "number");
    const value = values.length ? (isSum ? values.reduce((sum, each) => sum + each, 0) : Math.max(...values)) : null;
    found.push({ node, value, isCached: own.every(({ status }) => status === "cached") });
  }
  return found;
}

/** Returns `{show(steps, metric, owner), hide, release(owner), metricOf(owner), refresh}`. */
export function createHeatMap() {
  let layer = null;
  let entries = [];
  let shown = null; // {steps, metric, owner, graph}
  let frame = null;

  function show(steps, metric, owner = null) {
    hide();
    shown = { steps, metric, owner, workflow: workflowId(), graph: null };
    layer = h("div", { class: "hp-heat", "aria-hidden": "true" });
    (app.canvas?.canvas?.parentElement ?? document.body).append(layer);
    follow();
  }

  function hide() {
    if (frame !== null) cancelAnimationFrame(frame);
    frame = null;
    layer?.remove();
    layer = null;
    shown = null;
  }

  function build() {
    const { steps, metric, owner } = shown;
    shown.graph = visibleGraph();
    const { label, format } = METRICS[metric];
    const values = valuesOf(shown.graph, rootGraph(), steps, metric);
    const most = Math.max(0, ...values.map(({ value }) => Math.abs(value ?? 0)));
    const plane = h("div", { class: "hp-heat-plane" });
    entries = values.map(({ node, value, isCached }) => {
      const text = isCached ? t("cached") : value === null ? "" : format(value);
      const mark = h("div", { class: "hp-heat-node" }, text ? h("span", { class: "hp-heat-label" }, text) : null);
      if (owner !== null && value !== null && most > 0) {
        mark.style.setProperty("--hp-heat", (Math.abs(value) / most).toFixed(3));
        mark.classList.toggle("hp-heat-less", value < 0);
      }
      plane.append(mark);
      return { node, mark, place: "" };
    });
    const legend = h(
      "div",
      { class: "hp-heat-legend hp-node" },
      h("span", {}, t(label)),
      h("span", {}, "0"),
      h("span", { class: "hp-heat-scale" }),
      h("span", {}, format(most)),
      iconButton("times", t("Hide"), hide),
    );
    fill(layer, plane, owner === null ? null : legend);
  }

  /** Keep up with panning, zooming, and nodes that are moved; a graph that is left takes its layer with it. */
  function follow() {
    frame = requestAnimationFrame(follow);
    if (!shown || shown.workflow !== workflowId()) return hide();
    if (shown.graph !== visibleGraph()) build();
    const { scale, offset } = app.canvas.ds;
    const transform = `scale(${scale}) translate(${offset[0]}px, ${offset[1]}px)`;
    const plane = layer.firstElementChild;
    if (plane.style.transform !== transform) plane.style.transform = transform;
    for (const entry of entries) {
      const [left, top, right, bottom] = nodeBounds(entry.node);
      const place = `${left},${top},${right},${bottom}`;
      if (place === entry.place) continue;
      entry.place = place;
      Object.assign(entry.mark.style, { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` });
    }
    return undefined;
  }

  const wantsBadges = () => setting(BADGES_SETTING, false) === true;

  const isHere = (event) => !event.workflow_id || String(event.workflow_id) === workflowId();
  const isHeat = () => shown !== null && shown.owner !== null;
  let done = new Map(); // the steps of the run that goes on: a badge comes as soon as its node is done
  let timer = null;
  const forget = () => {
    clearTimeout(timer);
    timer = null;
    done = new Map();
  };
  onEvent("holaf.profiler.run_started", forget);
  onEvent("holaf.profiler.step", (event) => {
    if (!wantsBadges() || !isHere(event) || isHeat()) return;
    for (const step of event.steps ?? []) if (step.status !== "running") done.set(step.node_id, step);
    if (!done.size) return;
    timer ??= setTimeout(() => {
      timer = null;
      if (!isHeat()) show([...done.values()], "exec_time");
    }, TOGETHER_MS);
  });
  onEvent("holaf.profiler.run_finished", (event) => {
    forget();
    if (isHere(event) && wantsBadges() && Array.isArray(event.nodes)) show(event.nodes, "exec_time");
  });

  return {
    show,
    hide,
    release: (owner) => shown?.owner === owner && hide(),
    metricOf: (owner) => (shown?.owner === owner ? shown.metric : ""),
    /** Badges: this workflow's last run on its nodes, as after opening it or switching them on. */
    async refresh() {
      const id = workflowId();
      if (!wantsBadges() || !id) return;
      try {
        const { runs } = await backend.listRuns({ workflow: id, limit: 1, sort: "-timestamp" });
        if (runs.length && id === workflowId()) show((await backend.getRun(runs[0].id)).steps, "exec_time");
      } catch {
        // badges are an extra: without the server there are none
      }
    },
  };
}
