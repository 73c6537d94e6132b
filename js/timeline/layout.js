// Where things stand on the timeline: rows, scales, samples a pixel, sums of a stretch. Pure: numbers in,
// numbers out.

export const ROW_PX = 22;
export const HEAD_PX = 20;
const MOST_ROWS = 40;
const TOUCH_S = 1e-4; // neighbours may touch by as much as two clock readings differ
const IDLE = new Set(["cached", "skipped"]);

const ran = (node) => typeof node.start_s === "number" && !IDLE.has(node.status);

/** The nodes of one section on rows of their own where they overlap: `{bars: [{node, row}], rows}`. */
export function arrange(nodes) {
  const freeFrom = [];
  const bars = nodes
    .filter(ran)
    .sort((a, b) => a.start_s - b.start_s)
    .map((node) => {
      let row = freeFrom.findIndex((time) => time <= node.start_s + TOUCH_S);
      if (row < 0) row = Math.min(freeFrom.length, MOST_ROWS - 1);
      freeFrom[row] = Math.max(freeFrom[row] ?? 0, node.end_s);
      return { node, row };
    });
  return { bars, rows: Math.max(1, freeFrom.length) };
}

/** The subgraph that a node runs in: `7` for `7:3`; "" outside of any. */
const subgraphOf = (node) => (node.id.includes(":") ? node.id.slice(0, node.id.indexOf(":")) : "");

/**
 * The nodes in sections. `by`: "" for one section, "subgraph" or "group" (a node of several groups stands
 * in each). Returns `[{name, color, nodes}]`, that without a name first.
 */
export function sectionsOf(data, by) {
  if (!by) return [{ name: "", color: null, nodes: data.nodes }];
  const sections = new Map([["", { name: "", color: null, nodes: [] }]]);
  const add = (name, color, node) => {
    if (!sections.has(name)) sections.set(name, { name, color, nodes: [] });
    sections.get(name).nodes.push(node);
  };
  for (const node of data.nodes) {
    if (by === "subgraph") {
      const id = subgraphOf(node);
      add(id && (data.subgraphs?.[id] ?? `#${id}`), null, node);
    } else if (!node.groups?.length) add("", null, node);
    else for (const group of node.groups) add(group, data.groups?.[group] ?? null, node);
  }
  return [...sections.values()].filter(({ nodes }) => nodes.length);
}

/** Everything with its place from the top, in pixels: `{sections: [{..., y, headY, bars, isFolded}], height}`. */
export function stack(sections, folded) {
  let y = 0;
  const placed = sections.map((section) => {
    const headY = section.name ? y : null;
    if (section.name) y += HEAD_PX;
    const isFolded = folded.has(section.name);
    const { bars, rows } = arrange(section.nodes);
    const top = y;
    y += isFolded ? 0 : rows * ROW_PX + 4;
    return { ...section, headY, y: top, bars, isFolded };
  });
  return { sections: placed, height: y };
}

/** The first index in a sorted array whose value is at least `value`. */
export function firstAtLeast(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * A series as one column a pixel: `{low, high}` (Float64Array, NaN where nothing is known). A value stands
 * until the next reading; where many fall on a pixel, the least and the most of them count.
 */
export function columnsOf({ t_s: times, value: values }, from_s, to_s, width) {
  const low = new Float64Array(width).fill(NaN);
  const high = new Float64Array(width).fill(NaN);
  const perPixel = width / (to_s - from_s);
  let index = Math.max(0, firstAtLeast(times, from_s) - 1);
  let standing = times.length && times[index] <= from_s ? values[index] : NaN;
  if (times[index] < from_s) index += 1;
  for (let x = 0; x < width; x += 1) {
    const until = from_s + (x + 1) / perPixel;
    let least = standing;
    let most = standing;
    while (index < times.length && times[index] < until) {
      standing = values[index];
      if (!(least <= standing)) least = standing;
      if (!(most >= standing)) most = standing;
      index += 1;
    }
    if (index >= times.length && times.length && from_s + x / perPixel > times.at(-1)) break;
    low[x] = least;
    high[x] = most;
  }
  return { low, high };
}

/** The value that stands at `t_s`, or null. */
export function valueAt({ t_s: times, value: values }, t_s) {
  const index = firstAtLeast(times, t_s + 1e-9) - 1;
  return index < 0 || !times.length || t_s > times.at(-1) + 1 ? null : values[index];
}

/** Marks of the axis: `[{t_s, label?}]` in steps that people count in, at most one every `least_px`. */
export function ticks(from_s, to_s, width, least_px = 80) {
  const least = ((to_s - from_s) / width) * least_px;
  const decade = 10 ** Math.floor(Math.log10(least));
  const step =
    least > 30
      ? [60, 120, 300, 600, 1800, 3600, 7200, 18_000].find((size) => size >= least) ?? Math.ceil(least / 3600) * 3600
      : [1, 2, 5, 10].map((factor) => factor * decade).find((size) => size >= least * 0.999);
  const found = [];
  for (let at = Math.ceil(from_s / step); at * step <= to_s; at += 1) found.push(at * step);
  return { step, at: found };
}

/** A window of `[from, to]` seconds kept inside the run and no shorter than a microsecond. */
export function clampView([from, to], duration_s) {
  const span = Math.min(duration_s, Math.max(1e-6, to - from));
  const start = Math.min(Math.max(0, from), duration_s - span);
  return [start, start + span];
}

export function zoomed([from, to], at_s, factor, duration_s) {
  const span = (to - from) * factor;
  const share = (at_s - from) / (to - from);
  return clampView([at_s - span * share, at_s + span * (1 - share)], duration_s);
}

const overlap = (from, to, start, end) => Math.max(0, Math.min(to, end) - Math.max(from, start));

/**
 * What a stretch comes to: `{duration_s, nodes: [{node, time_s}], lanes: [{label, unit, mean, most}]}`;
 * nodes by their own work in it, the longest first; means by time.
 */
export function sumStretch(data, from_s, to_s) {
  const nodes = data.nodes
    .filter(ran)
    .map((node) => ({
      node,
      time_s: node.segments
        .filter(([kind]) => kind === "run" || kind === "async")
        .reduce((sum, [, start, end]) => sum + overlap(from_s, to_s, start, end), 0),
    }))
    .filter(({ time_s }) => time_s > 0)
    .sort((a, b) => b.time_s - a.time_s);
  const lanes = data.lanes.flatMap((lane) =>
    lane.series.map((series) => ({ label: series.label, unit: lane.unit, ...meanOf(series, from_s, to_s) })),
  );
  return { duration_s: to_s - from_s, nodes, lanes: lanes.filter(({ most }) => most !== null) };
}

function meanOf({ t_s: times, value: values }, from_s, to_s) {
  let area = 0;
  let known = 0;
  let most = null;
  for (let index = Math.max(0, firstAtLeast(times, from_s) - 1); index < times.length && times[index] <= to_s; index += 1) {
    const stands = overlap(from_s, to_s, times[index], times[index + 1] ?? to_s);
    if (!stands) continue;
    area += values[index] * stands;
    known += stands;
    most = most === null ? values[index] : Math.max(most, values[index]);
  }
  return { mean: known ? area / known : null, most };
}
