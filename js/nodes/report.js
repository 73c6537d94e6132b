// The Profiler Report node in both of ComfyUI's renderers: it shows the workflow's last run, also one that
// failed before the Report's turn, and after a tab switch or a reload.

import * as backend from "../comfy/api.js";
import { setting, theme, vueNodes } from "../comfy/app.js";
import { rootGraph, workflowId } from "../comfy/canvas.js";
import { REPORT, walk, widgetValue } from "../comfy/graph.js";
import { createReportView } from "./report_view.js";

/** What stands around the picture needs so much; its sides. */
const [MIN_HEIGHT, SIDES] = [130, 20];
/** So high that the picture as wide as the node and ten nodes below it are seen. */
const FIRST_SIZE = { legacy: [520, 980], vue: [520, 1070] };
const views = new WeakMap();

/** Dress one node; others pass untouched. `openRun(id)` shows a run in the panel. */
export function dressReportNode(node, openRun) {
  if (node.comfyClass !== REPORT || typeof node.addDOMWidget !== "function") return;
  const view = createReportView(openRun);
  views.set(node, view);
  const widget = node.addDOMWidget("holaf_report", "holaf_report", view.element, {
    serialize: false,
    hideOnZoom: false,
    getMinHeight: () => MIN_HEIGHT + view.picturesHeight(node.size[0] - SIDES),
  });
  widget.serialize = false;
  // The view draws the picture. ComfyUI's own preview, a second one, is put out in Nodes 2.0 and on the old canvas.
  node.hideOutputImages = true;
  node.onDrawBackground = () => {};
  // A node from a saved workflow gets its own size back after this.
  const [width, height] = vueNodes() ? FIRST_SIZE.vue : FIRST_SIZE.legacy;
  node.setSize?.([Math.max(node.size[0], width), Math.max(node.size[1], height)]);
  const onExecuted = node.onExecuted;
  node.onExecuted = function (output, ...rest) {
    const result = onExecuted?.call(this, output, ...rest);
    show(node, output);
    return result;
  };
  const onRemoved = node.onRemoved;
  node.onRemoved = function (...args) {
    view.dispose();
    return onRemoved?.apply(this, args);
  };
}

/** After a tab switch ComfyUI brings back what nodes put out; show it again, unless a later run is shown. */
export function restoreFromOutputs(outputs) {
  for (const { node, id } of reports()) {
    const output = outputs?.[id] ?? outputs?.[node.id];
    const runId = output?.holaf_profiler?.[0]?.run_id;
    if (!(runId < views.get(node).runId)) show(node, output);
  }
}

function show(node, output) {
  const made = output?.holaf_profiler?.[0];
  const view = views.get(node);
  if (!made || !view) return;
  view.show(made, output.images ?? []);
  offerImages(node, view);
}

/** For "Save image" in the node's menu, which is about the image below the pointer. */
const offerImages = (node, view) => Object.assign(node, { imgs: view.images, overIndex: 0 });

/** After a reload nothing is left on the page: show this workflow's last run from the history. */
export async function restoreFromHistory(workflow) {
  if (!workflow || setting("Holaf.Profiler.RestoreReport", true) === false || !reports().length) return;
  let run;
  try {
    const { runs } = await backend.listRuns({ workflow, limit: 5, sort: "-timestamp" });
    run = runs.find(({ status }) => status !== "running");
  } catch {
    return; // no history, no picture: the node says what to do
  }
  const isBehind = (view) => view.isEmpty || (view.runId > 0 && view.runId < run.id);
  if (run && workflow === workflowId()) await showKept(run, isBehind);
}

/** A run that failed or was stopped ended before its Report's turn: show it all the same. `event`: run_finished. */
export async function showEnded({ run_id: id, workflow_id: workflow, status }) {
  if (!id || status === "success" || (workflow && String(workflow) !== workflowId()) || !reports().length) return;
  const found = await backend.getRun(id).catch(() => null); // without a history there is nothing to show
  if (found) await showKept(found.run, (view) => view.runId !== id);
}

/** A run from the history on each Report that `wants(view)` it: its nodes and its picture are asked for. */
async function showKept(run, wants) {
  for (const { node } of reports().filter(({ node: each }) => wants(views.get(each)))) {
    const view = views.get(node);
    const before = view.runId;
    const chosen = widgetValue(node, "theme", "auto");
    const [details, table, picture] = await Promise.allSettled([
      backend.getRun(run.id),
      backend.exportRun(run.id, "txt").then((blob) => blob.text()),
      backend.exportRun(run.id, "png", { theme: chosen === "auto" ? theme() : chosen }),
    ]);
    if (view.runId !== before || table.status !== "fulfilled") continue; // a new run was faster, or there is nothing to show
    view.showKept({ run, steps: details.value?.steps ?? [], text: table.value, picture: picture.value });
    offerImages(node, view);
  }
}

function reports() {
  return [...walk(rootGraph())].filter(({ node }) => node.type === REPORT && views.has(node));
}
