// Acting on ComfyUI's canvas: what is selected, showing nodes, adding nodes.

import { app } from "./app.js";
import {
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

export const rootGraph = () => app.rootGraph ?? app.graph;
const visibleGraph = () => app.canvas?.graph ?? rootGraph();

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

/** The canvas groups with the nodes in each: `{title, color, ids}`. */
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

/**
 * The node to point at for an execution id: the node itself where its graph is on
 * the screen, else the subgraph node around it; null where neither is visible.
 * An expansion's child such as `2.0.0.1` leads to node 2.
 */
function visibleNodeFor(id) {
  const wanted = String(id);
  const graph = visibleGraph();
  let best = null;
  for (const entry of walk(rootGraph())) {
    if (entry.graph !== graph) continue;
    if (entry.id === wanted) return entry.node;
    if (wanted.startsWith(`${entry.id}:`) || wanted.startsWith(`${entry.id}.`)) best = entry.node;
  }
  return best;
}

/** Select the nodes with these ids and bring them into view. Returns how many were found. */
export function showNodes(ids) {
  const canvas = app.canvas;
  if (!canvas) return 0;
  let nodes = [...new Set(ids.map(visibleNodeFor).filter(Boolean))];
  if (!nodes.length && visibleGraph() !== rootGraph() && typeof canvas.setGraph === "function") {
    canvas.setGraph(rootGraph());
    nodes = [...new Set(ids.map(visibleNodeFor).filter(Boolean))];
  }
  if (!nodes.length) return 0;
  if (canvas.selectItems) canvas.selectItems(nodes);
  else canvas.selectNodes?.(nodes);
  if (typeof canvas.fitViewToSelectionAnimated === "function") canvas.fitViewToSelectionAnimated();
  else canvas.centerOnNode?.(nodes[0]);
  canvas.setDirty?.(true, true);
  return nodes.length;
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
  document.body.append(frame);
}

function corner(graph) {
  let left = Infinity;
  let top = Infinity;
  let right = -Infinity;
  for (const node of graph.nodes ?? []) {
    const [x1, y1, x2] = nodeBounds(node);
    left = Math.min(left, x1);
    top = Math.min(top, y1);
    right = Math.max(right, x2);
  }
  return Number.isFinite(left) ? { left, top, right } : { left: 100, top: 100, right: 400 };
}

function addNode(type, position) {
  const graph = rootGraph();
  const node = window.LiteGraph.createNode(type);
  if (!node) throw new Error(`the node type ${type} is not registered: restart ComfyUI and reload the page`);
  node.pos = position;
  graph.add(node);
  return node;
}

/** Put a Start and a Report into the graph, where they are missing. Returns what was added. */
export function addStartAndReport() {
  const graph = rootGraph();
  const added = [];
  const { left, top, right } = corner(graph);
  graph.beforeChange?.();
  try {
    if (!activeNodesOfType(graph, START).length) added.push(addNode(START, [left - 360, top + 30]));
    if (!activeNodesOfType(graph, REPORT).length) added.push(addNode(REPORT, [right + 60, top + 30]));
  } finally {
    graph.afterChange?.();
  }
  app.canvas?.setDirty?.(true, true);
  return added;
}

export function addGroupNode(members, name) {
  const graph = rootGraph();
  const { left, top } = corner(graph);
  graph.beforeChange?.();
  const node = addNode("HolafProfilerGroup", [left - 360, top + 420]);
  const set = (widgetName, value) => {
    const widget = node.widgets?.find((candidate) => candidate.name === widgetName);
    if (widget) widget.value = value;
  };
  set("members", members);
  if (name) set("name", name);
  graph.afterChange?.();
  app.canvas?.setDirty?.(true, true);
  return node;
}
