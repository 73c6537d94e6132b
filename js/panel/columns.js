// The steps table: which columns there are, how each value reads, filters and
// sorting. Pure.

import { msg } from "../ui/i18n.js";
import { bytes, bytesChange, count, joules, percent, seconds, share, statusWord } from "../ui/format.js";

const number = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);

const column = (id, label, title, format, extra = {}) => ({
  id,
  label,
  title,
  numeric: true,
  value: (step) => number(step[id]),
  text: (step) => format(number(step[id])),
  ...extra,
});

const textColumn = (id, label, title, value) => ({
  id,
  label,
  title,
  numeric: false,
  value,
  text: value,
});

/** Every column, in the order in which they are shown; `t` shows labels and titles. */
export const COLUMNS = [
  textColumn("node_title", msg("Node"), msg("The node's title and id"), (step) => step.node_title || step.node_type || ""),
  textColumn("node_type", msg("Type"), msg("The node's class"), (step) => step.node_type ?? ""),
  textColumn("status", msg("Status"), msg("Whether it ran, came from the cache, or failed"), (step) => statusWord(step.status)),
  {
    ...column("exec_time", msg("Active time"), msg("Its own code plus its own asynchronous tasks"), seconds),
    text: (step) => (step.status === "cached" ? statusWord("cached") : seconds(number(step.exec_time))),
  },
  {
    ...column("share", msg("Share"), msg("Its part of the whole run"), share),
    value: (step) => number(step.share),
    text: (step) => share(number(step.share)),
  },
  column("self_time_s", msg("Self time"), msg("Its own code only, on ComfyUI's main thread"), seconds),
  column("wall_time_s", msg("Wall time"), msg("From its first moment to its last, waiting included"), seconds),
  column("vram_max", msg("VRAM peak"), msg("The most GPU memory of this process while it ran"), bytes),
  {
    ...column("vram_change", msg("VRAM kept"), msg("GPU memory after the node minus before it"), bytes),
    value: (step) =>
      number(step.vram_end) === null || number(step.vram_start) === null ? null : step.vram_end - step.vram_start,
    text(step) {
      return bytesChange(this.value(step));
    },
  },
  column("foreign_time_s", msg("Other packs"), msg("Time in the code of packs that the node does not belong to"), seconds),
  column("device_vram_max_bytes", msg("VRAM, all programs"), msg("The GPU's memory in use, other programs included"), bytes),
  column("ram_max_bytes", msg("RAM peak"), msg("The most main memory of this process while it ran"), bytes),
  {
    ...column("ram_change", msg("RAM kept"), msg("Main memory after the node minus before it"), bytes),
    value: (step) =>
      number(step.ram_end_bytes) === null || number(step.ram_start_bytes) === null
        ? null
        : step.ram_end_bytes - step.ram_start_bytes,
    text(step) {
      return bytesChange(this.value(step));
    },
  },
  column("gpu_load_avg", msg("GPU avg"), msg("Average load of the GPU while the node ran"), percent),
  column("gpu_load_max", msg("GPU max"), msg("Highest load of the GPU while the node ran"), percent),
  column("gpu_time_s", msg("GPU time"), msg("How long the GPU worked for this node"), seconds),
  column("cpu_seconds", msg("CPU time"), msg("CPU seconds used, all cores together"), seconds),
  column("cpu_max", msg("CPU max"), msg("Highest CPU load while the node ran; 100 % is one core"), percent),
  column("energy_joules", msg("Energy"), msg("What the GPU drew while the node ran"), joules),
  column("load_time_s", msg("Loading models"), msg("Time spent on loading models"), seconds),
  column("offload_time_s", msg("Moving models out"), msg("Time spent on moving models out of the GPU"), seconds),
  column("sampler_steps", msg("Steps"), msg("Sampler steps"), count),
  column("sampler_step_median_s", msg("Per step"), msg("Median time of one sampler step"), seconds),
  column("execution_count", msg("Rounds"), msg("How often it ran in this run; nodes in loops do so several times"), count),
  column("read_bytes", msg("Disk"), msg("Bytes read from disk"), bytes),
  column("previous_exec_time_s", msg("Took before"), msg("Its time when it last really ran with these inputs"), seconds),
  textColumn("step_comment", msg("Comment"), msg("Your note on this step"), (step) => step.step_comment ?? ""),
];

export const DEFAULT_COLUMNS = ["node_title", "exec_time", "share", "vram_max", "ram_max_bytes", "gpu_load_avg", "step_comment"];

const BY_ID = new Map(COLUMNS.map((entry) => [entry.id, entry]));

/** The chosen columns in their order; an unknown id is passed over; the node's name always leads. */
export function chosenColumns(ids) {
  const wanted = new Set(Array.isArray(ids) && ids.length ? ids : DEFAULT_COLUMNS);
  wanted.add("node_title");
  return COLUMNS.filter((entry) => wanted.has(entry.id));
}

/** Those of `columns` that say something in at least one step: a quantity that was not measured has no column. */
export function knownColumns(columns, steps) {
  return columns.filter(
    ({ id, value }) => id === "step_comment" || steps.some((step) => ![null, undefined, ""].includes(value.call(BY_ID.get(id), step))),
  );
}

/**
 * The steps with those inside a subgraph gathered under a row of their own, which has their sums:
 * `{...totals, node_id, node_title, children}`. `titles`: subgraph id -> title.
 */
export function withSubgraphs(steps, titles) {
  const rows = [];
  const found = new Map();
  for (const step of steps) {
    const id = step.node_id.includes(":") ? step.node_id.slice(0, step.node_id.indexOf(":")) : null;
    if (id === null) rows.push(step);
    else if (found.has(id)) found.get(id).push(step);
    else {
      found.set(id, [step]);
      rows.push(id);
    }
  }
  return rows.map((row) => (typeof row === "string" ? subgraphRow(row, titles[row], found.get(row)) : row));
}

function subgraphRow(id, title, children) {
  const known = (name) => children.map((step) => number(step[name])).filter((value) => value !== null);
  const sums = ["exec_time", "share", "self_time_s", "cpu_seconds", "gpu_time_s", "energy_joules", "load_time_s", "offload_time_s", "read_bytes"];
  const peaks = ["vram_max", "device_vram_max_bytes", "ram_max_bytes", "gpu_load_max", "cpu_max"];
  const row = { node_id: id, node_title: title ?? `#${id}`, node_type: "", status: "ok", role: "node", children };
  for (const name of sums) row[name] = known(name).length ? known(name).reduce((sum, value) => sum + value, 0) : null;
  for (const name of peaks) row[name] = known(name).length ? Math.max(...known(name)) : null;
  if (children.every(({ status }) => status === "cached")) row.status = "cached";
  if (children.some(({ status }) => status === "error")) row.status = "error";
  return row;
}

/** The share of a step of an older record; null where other nodes worked at the same time. */
function shareAlone(step, totalTime) {
  const ran = number(step.exec_time) !== null && step.status !== "cached" && !step.shared;
  return ran && number(totalTime) > 0 ? Math.min(1, step.exec_time / totalTime) : null;
}

/** Steps of ordinary nodes with their `share` of `totalTime` added; together never more than 1. */
export function withShare(steps, totalTime) {
  return steps.map((step) => ({
    ...step,
    share: number(step.time_share) ?? shareAlone(step, totalTime),
  }));
}

/**
 * Filter steps. `minTime_s`: at least this long; `type`: class name; `group`: a group
 * with `members` (node ids); `text`: in title, type, id or comment; `profiler`: whether
 * the profiler's own nodes are shown. Empty values filter nothing.
 */
export function filterSteps(steps, { minTime_s = 0, type = "", group = null, text = "", profiler = false } = {}) {
  const needle = text.trim().toLowerCase();
  const members = group ? new Set((group.members ?? []).map(String)) : null;
  return steps.filter((step) => {
    if (!profiler && step.role && step.role !== "node") return false;
    if (minTime_s > 0 && !(number(step.exec_time) >= minTime_s)) return false;
    if (type && step.node_type !== type) return false;
    if (members && !members.has(String(step.node_id))) return false;
    if (!needle) return true;
    return [step.node_title, step.node_type, step.node_id, step.step_comment].some((value) =>
      String(value ?? "").toLowerCase().includes(needle),
    );
  });
}

/** Sorted copy. `sort`: a column id, `-` before it for descending; "" keeps the order of execution. */
export function sortSteps(steps, sort) {
  if (!sort) return [...steps];
  const descending = sort.startsWith("-");
  const entry = BY_ID.get(descending ? sort.slice(1) : sort);
  if (!entry) return [...steps];
  const direction = descending ? -1 : 1;
  return [...steps].sort((a, b) => {
    const x = entry.value(a);
    const y = entry.value(b);
    const xMissing = x === null || x === "";
    const yMissing = y === null || y === "";
    if (xMissing || yMissing) return Number(xMissing) - Number(yMissing); // unknown values stay last
    if (typeof x === "number") return (x - y) * direction;
    return String(x).localeCompare(String(y), undefined, { numeric: true }) * direction;
  });
}

/** What clicking a column's header sorts by next: numbers start with the largest. */
export function nextSort(current, id) {
  const entry = BY_ID.get(id);
  const first = entry?.numeric ? `-${id}` : id;
  const second = entry?.numeric ? id : `-${id}`;
  if (current === first) return second;
  if (current === second) return "";
  return first;
}

/** The classes that occur in steps, sorted. */
export const typesOf = (steps) => [...new Set(steps.map((step) => step.node_type).filter(Boolean))].sort();

/** Parse "0.5", "500 ms", "2 s", "1 min" into seconds; 0 where it says nothing. */
export function parseDuration(text) {
  const match = /^\s*(\d+(?:[.,]\d+)?)\s*(ms|s|sec|m|min|h)?\s*$/i.exec(String(text ?? ""));
  if (!match) return 0;
  const factor = { ms: 0.001, s: 1, sec: 1, m: 60, min: 60, h: 3600 }[(match[2] ?? "s").toLowerCase()];
  return Number(match[1].replace(",", ".")) * factor;
}
