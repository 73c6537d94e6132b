// Reading a graph, subgraphs included. Pure: works on anything shaped like
// LiteGraph's graph and nodes. Ids are compared as strings everywhere.

export const START = "HolafProfilerStart";
export const GROUP = "HolafProfilerGroup";
export const REPORT = "HolafProfilerReport";
const PROFILER_TYPES = new Set([
  START,
  GROUP,
  REPORT,
  ...["Event", "Compare", "Trend", "Budget"].map((name) => `HolafProfiler${name}`),
]);

const MUTED = 2;
const BYPASSED = 4;
const TITLE_HEIGHT = 30;
const COLLAPSED_WIDTH = 80;

const isActive = (node) => node.mode !== MUTED && node.mode !== BYPASSED;
export const isProfilerNode = (node) => PROFILER_TYPES.has(node.type);
export const titleOf = (node) => String(node.title || node.type || "").trim() || `#${node.id}`;

/**
 * Every node with the id it has when it runs: `{node, graph, id, parents}`.
 * A node inside subgraph 7 has an id such as `7:3`; `parents` are the subgraph
 * nodes around it, outermost first. Subgraph nodes themselves are listed too.
 */
export function* walk(graph, prefix = "", parents = []) {
  for (const node of graph?.nodes ?? graph?._nodes ?? []) {
    const id = `${prefix}${node.id}`;
    yield { node, graph, id, parents };
    const inner = node.subgraph;
    if (inner && !parents.includes(node)) yield* walk(inner, `${id}:`, [...parents, node]);
  }
}

/** The value of a node's widget by name, or `fallback`. */
export function widgetValue(node, name, fallback) {
  const widget = node.widgets?.find((candidate) => candidate.name === name);
  return widget === undefined ? fallback : widget.value;
}

/** Set a widget as the user would: value, callback, undo step, redraw. */
export function setWidget(app, node, name, value) {
  const widget = node.widgets?.find((candidate) => candidate.name === name);
  if (!widget || widget.value === value) return;
  node.graph?.beforeChange?.(node);
  widget.value = value;
  widget.callback?.(value, app.canvas, node);
  node.graph?.afterChange?.(node);
  app.canvas?.setDirty?.(true, true);
}

/** All nodes of `type` that would run. A node in a muted subgraph would not. */
export function activeNodesOfType(rootGraph, type) {
  return [...walk(rootGraph)].filter(
    ({ node, parents }) => node.type === type && isActive(node) && parents.every(isActive),
  );
}

/** Whether the graph may be profiled: a Start that is neither muted nor switched off. */
export function hasEnabledStart(rootGraph) {
  return activeNodesOfType(rootGraph, START).some(({ node }) => widgetValue(node, "enabled", true) !== false);
}

/** `[left, top, right, bottom]` of a node with its title, from its position and size. */
export function nodeBounds(node) {
  const [x, y] = node.pos;
  if (node.flags?.collapsed) {
    return [x, y - TITLE_HEIGHT, x + COLLAPSED_WIDTH, y];
  }
  return [x, y - TITLE_HEIGHT, x + node.size[0], y + node.size[1]];
}

/** `[left, top, right, bottom]` of a canvas group. */
export function groupBounds(group) {
  const [x, y, width, height] = group._bounding ?? group.bounding ?? [...group.pos, ...group.size];
  return [x, y, x + width, y + height];
}

/** The nodes of a graph whose middle lies in the canvas group: ComfyUI's own rule. */
export function nodesInCanvasGroup(graph, group) {
  const [left, top, right, bottom] = groupBounds(group);
  return (graph?.nodes ?? graph?._nodes ?? []).filter((node) => {
    const [x1, y1, x2, y2] = nodeBounds(node);
    const x = (x1 + x2) / 2;
    const y = (y1 + y2) / 2;
    return x >= left && x <= right && y >= top && y <= bottom;
  });
}

/** All canvas groups, those in subgraphs too: `{title, color, group, graph}`. */
export function canvasGroups(rootGraph) {
  const found = [];
  const seen = new Set();
  const visit = (graph) => {
    if (!graph || seen.has(graph)) return;
    seen.add(graph);
    for (const group of graph.groups ?? graph._groups ?? []) {
      found.push({ title: String(group.title ?? ""), color: group.color, group, graph });
    }
    for (const node of graph.nodes ?? graph._nodes ?? []) visit(node.subgraph);
  };
  visit(rootGraph);
  return found;
}

/** The ids that these nodes have when they run, in the order of the graph. */
export function executionIds(rootGraph, nodes) {
  const wanted = new Set(nodes);
  return [...walk(rootGraph)].filter(({ node }) => wanted.has(node)).map(({ id }) => id);
}
