// The call trees of a run as one flame: merged, folded, ordered. Pure: no page, no canvas.

/**
 * One tree of everything in `stacks` (see `GET runs/{id}/inside`). `titles`: node id -> title; `nodeIds`: a
 * Set to keep to these nodes, or null; `fold` leaves out functions that only call others; `threads` brings
 * in worker threads, which work beside the node. Answers columns of equal length, a caller always before
 * what it calls: `parent`, `depth`, `label` (see {@link labelOf}), `self` and `total` in seconds, and `start`,
 * which is known of what {@link callees} has answered; `count` frames in `rowCount` rows, `duration` seconds.
 */
export function flameOf({ functions, owners, trees }, { titles = {}, nodeIds = null, fold = true, threads = false } = {}) {
  const chosen = trees.filter((tree) => (threads || !tree.thread) && (nodeIds?.has(tree.node_id) ?? true));
  const most = chosen.reduce((sum, tree) => sum + 1 + tree.functions.length, 0);
  const parent = new Int32Array(most);
  const label = new Int32Array(most);
  const depth = new Uint16Array(most);
  const self = new Float64Array(most);
  const firstCallee = new Int32Array(most + 1).fill(-1); // of the frame before: the first are of no frame
  const sibling = new Int32Array(most);
  const isShared = new Uint8Array(most); // what its wrappers call is its own call: there may be two of a function
  const indexes = new Map();
  let count = 0;
  let rowCount = 0;

  function add(from, number) {
    const frame = count++;
    parent[frame] = from;
    label[frame] = number;
    depth[frame] = from < 0 ? 0 : depth[from] + 1;
    if (depth[frame] >= rowCount) rowCount = depth[frame] + 1;
    sibling[frame] = firstCallee[from + 1];
    firstCallee[from + 1] = frame;
    return frame;
  }

  function merge(from, number) {
    let index = indexes.get(from);
    if (!index) {
      index = new Map();
      for (let each = firstCallee[from + 1]; each >= 0; each = sibling[each]) index.set(label[each], each);
      indexes.set(from, index);
    }
    let frame = index.get(number);
    if (frame === undefined) index.set(number, (frame = add(from, number)));
    return frame;
  }

  chosen.forEach((tree, position) => {
    const root = add(-1, functions.length + position);
    const place = new Int32Array(tree.functions.length);
    for (let frame = 0; frame < place.length; frame++) {
      const number = tree.functions[frame];
      const caller = tree.parents[frame] < 0 ? root : place[tree.parents[frame]];
      if (fold && functions[number][4]) {
        place[frame] = caller;
        isShared[caller] = 1;
      } else place[frame] = isShared[caller] ? merge(caller, number) : add(caller, number);
      self[place[frame]] += tree.self_s[frame];
    }
  });
  const total = self.slice();
  let duration = 0;
  for (let frame = count - 1; frame >= 0; frame--) {
    if (parent[frame] >= 0) total[parent[frame]] += total[frame];
    else duration += total[frame];
  }
  const nodes = chosen.map(({ node_id: id, thread }) => [`${titles[id] || "node"} #${id}${thread ? ` · ${thread}` : ""}`, id]);
  const start = new Float64Array(most);
  return { functions, owners, nodes, parent, label, depth, self, total, start, firstCallee, sibling, ordered: [], count, rowCount, duration };
}

/** What stands on the frames with the label `number`: a function, or a node. */
export function labelOf({ functions, owners, nodes }, number) {
  if (number >= functions.length) {
    const [name, nodeId] = nodes[number - functions.length];
    return { name, file: "", line: 0, kind: "node", owner: "", nodeId };
  }
  const [name, file, line, of] = functions[number];
  return { name, file, line, kind: owners[of][0], owner: owners[of][1] };
}

/** What `frame` calls, the longest first; of -1, the nodes. Ordered and placed when first asked for. */
export function callees({ firstCallee, sibling, total, start, ordered }, frame) {
  const known = ordered[frame + 1];
  if (known) return known;
  const found = [];
  for (let each = firstCallee[frame + 1]; each >= 0; each = sibling[each]) found.push(each);
  found.sort((a, b) => total[b] - total[a] || a - b);
  let left = frame < 0 ? 0 : start[frame];
  for (const each of found) {
    start[each] = left;
    left += total[each];
  }
  ordered[frame + 1] = found;
  return found;
}

/** The frames of a row from left to right. */
export function rowOf(flame, row) {
  const above = row > 0 ? rowOf(flame, row - 1) : [-1];
  return above.flatMap((frame) => callees(flame, frame));
}

/** The frame of a row at `at` seconds, or -1. */
export function frameAt(flame, row, at) {
  let frame = -1;
  for (; row >= 0; row--) {
    frame = callees(flame, frame).find((each) => flame.start[each] <= at && at < flame.start[each] + flame.total[each]) ?? -1;
    if (frame < 0) break;
  }
  return frame;
}

/** Which labels hold `text`, as a Set of their numbers, and the seconds below them, nothing counted twice. */
export function search(flame, text) {
  const wanted = text.trim().toLowerCase();
  const found = new Set();
  if (!wanted) return { found, seconds: 0 };
  for (let number = 0; number < flame.functions.length + flame.nodes.length; number++) {
    const { name, file, owner } = labelOf(flame, number);
    if (`${name} ${file} ${owner}`.toLowerCase().includes(wanted)) found.add(number);
  }
  const inside = new Uint8Array(flame.count);
  let seconds = 0;
  for (let frame = 0; frame < flame.count; frame++) {
    const caller = flame.parent[frame];
    inside[frame] = caller >= 0 ? inside[caller] : 0;
    if (!inside[frame] && found.has(flame.label[frame])) {
      inside[frame] = 1;
      seconds += flame.total[frame];
    }
  }
  return { found, seconds };
}

/** Where the arrow keys lead from a frame; the frame itself where there is nothing. */
export function neighbour(flame, frame, key) {
  if (frame < 0) return callees(flame, -1)[0] ?? -1;
  if (key === "ArrowUp") return flame.parent[frame] < 0 ? frame : flame.parent[frame];
  if (key === "ArrowDown") return callees(flame, frame)[0] ?? frame;
  const row = rowOf(flame, flame.depth[frame]);
  return row[row.indexOf(frame) + (key === "ArrowLeft" ? -1 : 1)] ?? frame;
}

const PACK_HUES = [28, 8, 48, 350, 330, 64];
const COLORS = {
  node: "#7d8592",
  core: "#4c8bd6",
  torch: "#b3589a",
  library: "#5ba37a",
  interpreter: "#8a8f9c",
  profiler: "#8a8f9c",
  gpu_wait: "#6c6fc9",
};

/** The colour of an owner; each pack has a warm one of its own. */
export function ownerColor(kind, owner) {
  if (kind !== "pack") return COLORS[kind] ?? COLORS.interpreter;
  let sum = 0;
  for (const letter of owner) sum = (sum * 31 + letter.codePointAt(0)) >>> 0;
  return `hsl(${PACK_HUES[sum % PACK_HUES.length]} 70% 58%)`;
}
