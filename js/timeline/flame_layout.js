// The call trees of a run as one flame: merged, folded, ordered. Pure: no page, no canvas.

const FEW = 24;
const MANY = 48; // a call with more callees than this gets an index of them

/**
 * One tree of everything in `stacks` (see `GET runs/{id}/inside`). `titles`: node id -> title; `nodeIds`: a
 * Set to keep to these nodes, or null; `fold` leaves out functions that only call others; `threads` brings
 * in worker threads, which work beside the node. Answers columns of equal length, a caller always before
 * what it calls: `parent`, `depth`, `label` (index of `labels`), `self`, `total`, `start` in seconds, the
 * longest first within each caller; `rows` holds the frames of each depth from left to right.
 */
export function flameOf(stacks, { titles = {}, nodeIds = null, fold = true, threads = false } = {}) {
  const labels = stacks.functions.map((each) => {
    const owner = stacks.owners[each[3]];
    return { name: each[0], file: each[1], line: each[2], kind: owner[0], owner: owner[1] };
  });
  const most = stacks.trees.reduce((sum, tree) => sum + 1 + tree.functions.length, 0);
  const parent = new Int32Array(most);
  const label = new Int32Array(most);
  const self = new Float64Array(most);
  const firstChild = new Int32Array(most + 1).fill(-1);
  const sibling = new Int32Array(most).fill(-1);
  const known = new Map();
  let count = 0;
  /** The call of `number` by the frame `from`: the one there is, or a new one. */
  const grow = (from, number) => {
    const head = from + 1;
    const many = known.size ? known.get(head) : undefined;
    let frame = many ? (many.get(number) ?? -1) : firstChild[head];
    if (!many) {
      let steps = 0;
      for (; frame >= 0 && label[frame] !== number; frame = sibling[frame]) steps += 1;
      if (steps > MANY) {
        const index = new Map();
        for (let each = firstChild[head]; each >= 0; each = sibling[each]) index.set(label[each], each);
        known.set(head, index);
      }
    }
    if (frame >= 0) return frame;
    frame = count;
    count += 1;
    parent[frame] = from;
    label[frame] = number;
    sibling[frame] = firstChild[head];
    firstChild[head] = frame;
    if (known.size) known.get(head)?.set(number, frame);
    return frame;
  };
  for (const tree of stacks.trees) {
    if ((tree.thread && !threads) || (nodeIds && !nodeIds.has(tree.node_id))) continue;
    const name = `${titles[tree.node_id] || "node"} #${tree.node_id}${tree.thread ? ` · ${tree.thread}` : ""}`;
    labels.push({ name, file: "", line: 0, kind: "node", owner: "", nodeId: tree.node_id });
    const root = grow(-1, labels.length - 1);
    const place = new Int32Array(tree.functions.length);
    for (let frame = 0; frame < place.length; frame++) {
      const caller = tree.parents[frame] < 0 ? root : place[tree.parents[frame]];
      const number = tree.functions[frame];
      place[frame] = fold && stacks.functions[number][4] ? caller : grow(caller, number);
      self[place[frame]] += tree.self_s[frame];
    }
  }
  return arranged(labels, parent.subarray(0, count), label, self.subarray(0, count));
}

function arranged(labels, parent, label, self) {
  const count = parent.length;
  const total = Float64Array.from(self);
  for (let frame = count - 1; frame >= 0; frame--) if (parent[frame] >= 0) total[parent[frame]] += total[frame];
  const depth = new Uint16Array(count);
  for (let frame = 0; frame < count; frame++) depth[frame] = parent[frame] < 0 ? 0 : depth[parent[frame]] + 1;
  // Callees by caller, one after another in one array; the roots are those of the caller -1.
  const begin = new Int32Array(count + 2);
  for (let frame = 0; frame < count; frame++) begin[parent[frame] + 2] += 1;
  for (let at = 1; at < begin.length; at++) begin[at] += begin[at - 1];
  const filled = begin.slice();
  const callees = new Int32Array(count);
  for (let frame = 0; frame < count; frame++) callees[filled[parent[frame] + 1]++] = frame;
  for (let at = 0; at <= count; at++) longestFirst(callees, begin[at], begin[at + 1], total);
  const start = new Float64Array(count);
  const order = new Int32Array(count);
  const firstCallee = new Int32Array(count).fill(-1);
  const rows = [];
  let written = 0;
  /** The callees of `caller` after what is written, from `left` seconds on; answers where they end. */
  const place = (caller, left) => {
    for (let at = begin[caller + 1]; at < begin[caller + 2]; at++) {
      start[callees[at]] = left;
      left += total[callees[at]];
      order[written] = callees[at];
      written += 1;
    }
    return left;
  };
  const duration = place(-1, 0);
  for (let from = 0; from < written; ) {
    const row = order.subarray(from, written);
    rows.push(row);
    from = written;
    for (const frame of row) {
      if (begin[frame + 1] < begin[frame + 2]) firstCallee[frame] = callees[begin[frame + 1]];
      place(frame, start[frame]);
    }
  }
  return { labels, parent, label, self, total, depth, start, rows, firstCallee, duration, count };
}

/** Order `frames` from `begin` to `end`. Most callers have a handful of callees: those without a sort of their own. */
function longestFirst(frames, begin, end, total) {
  if (end - begin > FEW) {
    frames.subarray(begin, end).sort((a, b) => total[b] - total[a] || a - b);
    return;
  }
  for (let at = begin + 1; at < end; at++) {
    const frame = frames[at];
    let to = at;
    for (; to > begin && total[frames[to - 1]] < total[frame]; to--) frames[to] = frames[to - 1];
    frames[to] = frame;
  }
}

/** The frames of a row that reach into `[from, to]`: `[first, end)` of `flame.rows[row]`, by halving. */
export function rowRange(flame, row, from, to) {
  const frames = flame.rows[row];
  const find = (isPast) => {
    let low = 0;
    let high = frames.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isPast(frames[middle])) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  return [find((frame) => flame.start[frame] + flame.total[frame] > from), find((frame) => flame.start[frame] >= to)];
}

/** The frame of a row at `at` seconds, or -1. */
export function frameAt(flame, row, at) {
  if (row < 0 || row >= flame.rows.length) return -1;
  const [first] = rowRange(flame, row, at, at);
  const frame = flame.rows[row][first] ?? -1;
  return frame >= 0 && flame.start[frame] <= at ? frame : -1;
}

/** Which labels hold `text`, as a Set of their numbers, and the seconds below them, nothing counted twice. */
export function search(flame, text) {
  const wanted = text.trim().toLowerCase();
  const found = new Set();
  if (!wanted) return { found, seconds: 0 };
  flame.labels.forEach(({ name, file, owner }, number) => {
    if (`${name} ${file} ${owner}`.toLowerCase().includes(wanted)) found.add(number);
  });
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
  if (frame < 0) return flame.rows[0]?.[0] ?? -1;
  if (key === "ArrowUp") return flame.parent[frame] >= 0 ? flame.parent[frame] : frame;
  if (key === "ArrowDown") return flame.firstCallee[frame] >= 0 ? flame.firstCallee[frame] : frame;
  const row = flame.rows[flame.depth[frame]];
  const at = row.indexOf(frame) + (key === "ArrowLeft" ? -1 : 1);
  return row[at] ?? frame;
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
