// Acting on ComfyUI's canvas: what is selected, showing nodes, adding nodes.

import { app, onPage } from "./app.js";
import {
  GROUP,
  REPORT,
  START,
  activeNodesOfType,
  canvasGroups,
  executionIds,
  isProfilerNode,
  nodeBounds,
  nodesInCanvasGroup,
  titleOf,
  walk,
} from "./graph.js";

const MARGIN_PX = 40;

export const rootGraph = () => app.rootGraph ?? app.graph;
export const visibleGraph = () => app.canvas?.graph ?? rootGraph();
/** The identity of the open workflow, as runs are stored under it; "" where it has none. */
export const workflowId = () => String(rootGraph()?.id ?? "");

/** The nodes selected on the canvas; a selected canvas group brings its nodes. Profiler nodes left out. */
function selectedNodes() {
  const graph = visibleGraph();
  const known = new Set(graph?.nodes ?? []);
  const selected = new Set();
  for (const item of app.canvas?.selectedItems ?? []) {
    if (known.has(item)) selected.add(item);
    else if ((graph?.groups ?? []).includes(item)) {
      for (const node of nodesInCanvasGroup(graph, item)) selected.add(node);
    }
  }
  return [...selected].filter((node) => !isProfilerNode(node));
}

export const selectedIds = () => executionIds(rootGraph(), selectedNodes());

/** The canvas groups with the nodes in each: `{title, color, group, ids}`. */
export function canvasGroupList() {
  return canvasGroups(rootGraph()).map(({ title, color, group, graph }) => ({
    title,
    color,
    group,
    ids: executionIds(
      rootGraph(),
      nodesInCanvasGroup(graph, group).filter((node) => !isProfilerNode(node)),
    ),
  }));
}

/** All nodes that could be members: `{id, title, type}`. */
export function nodeList() {
  return [...walk(rootGraph())]
    .filter(({ node }) => !isProfilerNode(node))
    .map(({ id, node }) => ({ id, title: titleOf(node), type: String(node.type ?? "") }));
}

/** The title of the node with this execution id, or null when the graph has no such node. */
export function titleById(id) {
  for (const entry of walk(rootGraph())) if (entry.id === String(id)) return titleOf(entry.node);
  return null;
}

const isInside = (id, outer) => id === outer || id.startsWith(`${outer}:`) || id.startsWith(`${outer}.`);

/**
 * The node for an execution id, with its graph and the subgraph nodes around it, or null.
 * An expansion's child such as `2.0.0.1` leads to node 2.
 */
function entryFor(id) {
  let best = null;
  for (const entry of walk(rootGraph())) {
    if (isInside(String(id), entry.id) && entry.id.length > (best?.id.length ?? 0)) best = entry;
  }
  return best;
}

/** The node on the screen that stands for an execution id: itself, or the subgraph node around it. */
function visibleNodeFor(id) {
  const graph = visibleGraph();
  let best = null;
  for (const entry of walk(rootGraph())) {
    if (entry.graph === graph && isInside(String(id), entry.id)) best = entry.node;
  }
  return best;
}

/** Select the nodes with these ids, inside their subgraph, and bring them into view. Returns how many were found. */
export function showNodes(ids) {
  const canvas = app.canvas;
  const entries = canvas ? ids.map(entryFor).filter(Boolean) : [];
  if (!entries.length) return 0;
  const { graph, parents } = entries.find((entry) => entry.graph === visibleGraph()) ?? entries[0];
  if (graph !== visibleGraph()) openGraph(canvas, parents);
  const nodes = [...new Set(ids.map(visibleNodeFor).filter(Boolean))];
  if (canvas.selectItems) canvas.selectItems(nodes);
  else canvas.selectNodes?.(nodes);
  centre(canvas, nodes);
  return nodes.length;
}

function openGraph(canvas, parents) {
  canvas.setGraph?.(rootGraph());
  for (const node of parents) {
    if (typeof canvas.openSubgraph === "function") canvas.openSubgraph(node.subgraph, node);
    else canvas.setGraph?.(node.subgraph);
  }
}

/** Move the view so that `nodes` stand beside the sidebar; zoomed out only where they would not fit. */
function centre(canvas, nodes) {
  if (!nodes.length || !canvas.ds || !canvas.canvas) return;
  const bounds = nodes.map(nodeBounds);
  const [left, top] = [0, 1].map((side) => Math.min(...bounds.map((box) => box[side])));
  const [right, bottom] = [2, 3].map((side) => Math.max(...bounds.map((box) => box[side])));
  const view = canvas.canvas.getBoundingClientRect();
  const panel = onPage().querySelector(".hp-panel")?.getBoundingClientRect();
  const isLeft = panel && panel.left < view.left + view.width / 2;
  const from = panel && isLeft ? panel.right - view.left : 0;
  const to = panel && !isLeft ? panel.left - view.left : view.width;
  const fit = Math.min((to - from - 2 * MARGIN_PX) / (right - left), (view.height - 2 * MARGIN_PX) / (bottom - top));
  const scale = Math.max(0.1, Math.min(canvas.ds.scale, fit));
  canvas.ds.scale = scale;
  canvas.ds.offset[0] = (from + to) / 2 / scale - (left + right) / 2;
  canvas.ds.offset[1] = view.height / 2 / scale - (top + bottom) / 2;
  canvas.setDirty?.(true, true);
}

let frame = null;

/** Draw a frame around nodes for as long as the pointer rests on their name. Null removes it. */
export function highlight(ids) {
  frame?.remove();
  frame = null;
  const canvas = app.canvas;
  const nodes = (ids ?? []).map(visibleNodeFor).filter(Boolean);
  if (!nodes.length || !canvas?.ds || !canvas.canvas) return;
  const box = canvas.canvas.getBoundingClientRect();
  const { scale, offset } = canvas.ds;
  frame = document.createElement("div");
  frame.className = "hp-highlight";
  for (const node of nodes) {
    const [left, top, right, bottom] = nodeBounds(node);
    const mark = document.createElement("div");
    mark.style.left = `${box.left + (left + offset[0]) * scale - 4}px`;
    mark.style.top = `${box.top + (top + offset[1]) * scale - 4}px`;
    mark.style.width = `${(right - left) * scale + 8}px`;
    mark.style.height = `${(bottom - top) * scale + 8}px`;
    frame.append(mark);
  }
  onPage().body.append(frame);
}

function corner(graph) {
  const bounds = (graph.nodes ?? []).map(nodeBounds);
  if (!bounds.length) return { left: 100, top: 100, right: 400 };
  return {
    left: Math.min(...bounds.map(([left]) => left)),
    top: Math.min(...bounds.map(([, top]) => top)),
    right: Math.max(...bounds.map(([, , right]) => right)),
  };
}

function addNode(type, place, widgets = {}) {
  const graph = rootGraph();
  const node = window.LiteGraph.createNode(type);
  if (!node) throw new Error(`the node type ${type} is not registered: restart ComfyUI and reload the page`);
  node.pos = place(node);
  graph.add(node);
  for (const [name, value] of Object.entries(widgets)) {
    const widget = node.widgets?.find((candidate) => candidate.name === name);
    if (widget) widget.value = value;
  }
  return node;
}

function edit(change) {
  const graph = rootGraph();
  graph.beforeChange?.();
  try {
    return change(graph, corner(graph));
  } finally {
    graph.afterChange?.();
    app.canvas?.setDirty?.(true, true);
  }
}

/** Put a Start and a Report beside the graph, where they are missing. Returns what was added. */
export function addStartAndReport() {
  return edit((graph, { left, top, right }) => {
    const missing = (type) => !activeNodesOfType(graph, type).length;
    return [
      missing(START) ? addNode(START, (node) => [left - node.size[0] - 60, top + 30]) : null,
      missing(REPORT) ? addNode(REPORT, () => [right + 60, top + 30]) : null,
    ].filter(Boolean);
  });
}

export function addGroupNode(members) {
  return edit((_, { left, top }) => addNode(GROUP, (node) => [left - node.size[0] - 60, top + 420], { members }));
}
