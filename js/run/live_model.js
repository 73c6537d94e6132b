// The run that is going on, as far as the server's events go. Pure: every
// function takes a state and returns a new one.

export const IDLE = Object.freeze({
  active: false,
  runId: null,
  promptId: null,
  name: "",
  workflowId: null,
  total: null,
  done: 0,
  startedAt_ms: null,
  expected_s: null,
  progress: null,
  current: null,
  currentSince_ms: null,
  stuckIn: null,
  steps: Object.freeze([]),
  now: Object.freeze({}),
  warnings: Object.freeze([]),
  last: null,
});

const STEPS_KEPT = 2000;
const LIKE_RUNS = 5;
const TELLING = 3; // runs that differ by more say nothing about the next
const STUCK_S = 2; // a node that is in one function for longer is shown with it

export function started(state, event, now_ms) {
  return {
    ...IDLE,
    last: state.last,
    active: true,
    runId: event.run_id ?? null,
    promptId: event.prompt_id ?? null,
    name: event.name ?? "",
    workflowId: event.workflow_id ?? null,
    total: event.total_nodes ?? event.total ?? null,
    startedAt_ms: now_ms - (event.elapsed_s ?? 0) * 1000,
  };
}

function reading(event, before) {
  const now = { ...before };
  for (const key of ["vram_bytes", "ram_bytes", "gpu_load_percent", "cpu_percent"]) {
    if (event[key] !== undefined) now[key] = event[key];
  }
  return now;
}

function withStep(steps, step) {
  const at = steps.findIndex((known) => known.node_id === step.node_id);
  const entry = {
    node_id: String(step.node_id),
    display_node_id: step.display_node_id ?? null,
    title: step.title ?? "",
    status: step.status ?? "ok",
    exec_time: step.exec_time ?? null,
    vram_max: step.vram_max ?? null,
    ram_max_bytes: step.ram_max_bytes ?? null,
  };
  if (at >= 0) return steps.with ? steps.with(at, entry) : steps.map((known, index) => (index === at ? entry : known));
  return [...steps, entry].slice(-STEPS_KEPT);
}

/** One event may carry many steps: the server sends at most ten events a second. */
export function stepped(state, event, now_ms) {
  // A page that was opened in the middle of a run hears steps without their start.
  const base =
    state.active && (!event.prompt_id || state.promptId === event.prompt_id)
      ? state
      : started(state, event, now_ms);
  let steps = base.steps;
  let current = base.current;
  let currentSince_ms = base.currentSince_ms;
  let progress = base.progress;
  for (const step of event.steps ?? (event.node_id === undefined ? [] : [event])) {
    steps = withStep(steps, step);
    if (step.status === "running") {
      if (current?.node_id !== String(step.node_id)) progress = null;
      current = { node_id: String(step.node_id), title: step.title ?? "" };
      currentSince_ms = now_ms;
    } else if (current?.node_id === String(step.node_id)) {
      current = null;
      currentSince_ms = null;
    }
  }
  return {
    ...base,
    steps,
    current,
    currentSince_ms,
    progress,
    done: event.done ?? base.done,
    total: event.total ?? base.total,
    stuckIn: event.function && event.function.node_id === current?.node_id && event.function.seconds >= STUCK_S ? event.function : null,
    now: reading(event, base.now),
  };
}

/**
 * What a run will take: `{low, high}` of the newest earlier ones that began like it, with the same graph, models
 * in memory or not, as many cached results, and the same timing. Null where no run did, or they say too little.
 */
export function likely_s(runs, begun) {
  const kernels = ({ inside }) => inside === "kernels";
  const times = runs
    .filter((run) => ["workflow_hash", "cold", "timing", "cached_count"].every((name) => (begun[name] ?? null) !== null && run[name] === begun[name]))
    .filter((run) => kernels(run) === kernels(begun) && typeof run.total_time === "number")
    .slice(0, LIKE_RUNS)
    .map((run) => run.total_time);
  const [low, high] = [Math.min(...times), Math.max(...times)];
  return times.length && high <= TELLING * low ? { low, high } : null;
}

/** `likely`: see {@link likely_s}. */
export const expected = (state, promptId, likely) => (state.active && state.promptId === promptId ? { ...state, expected_s: likely } : state);

/** ComfyUI's progress inside the node at work, such as sampler steps. */
export function progressed(state, { node, value, max }) {
  if (!state.active || !(max > 1) || (node != null && state.current && String(node).split(":")[0] !== state.current.node_id.split(":")[0])) return state;
  return { ...state, progress: { value, max } };
}

/** ComfyUI's own event about which node runs; `title` where the graph knows the node. */
export function executing(state, nodeId, title, now_ms) {
  if (!state.active) return state;
  if (nodeId === null || nodeId === undefined) return { ...state, current: null, currentSince_ms: null, progress: null };
  if (state.current?.node_id === String(nodeId)) return state;
  return { ...state, current: { node_id: String(nodeId), title: title ?? "" }, currentSince_ms: now_ms, progress: null, stuckIn: null };
}

export function finished(state, event) {
  if (state.active && event.prompt_id && state.promptId && event.prompt_id !== state.promptId) return state;
  return {
    ...IDLE,
    warnings: state.warnings,
    steps: state.steps,
    last: {
      run_id: event.run_id ?? state.runId,
      prompt_id: event.prompt_id ?? state.promptId,
      status: event.status ?? "success",
      total_time: event.total_time ?? null,
      headline: event.headline ?? "",
      name: state.name,
    },
  };
}

/** What `GET status` says now: the newest readings, and catching up after a lost connection. */
export function polled(state, status, now_ms) {
  if (!(status?.active ?? status?.running)) {
    return state.active ? { ...IDLE, last: state.last, warnings: state.warnings } : state;
  }
  const same = state.active && (!status.prompt_id || state.promptId === status.prompt_id);
  const base = same ? state : started(state, status, now_ms);
  const next = {
    ...base,
    runId: status.run_id ?? base.runId,
    total: status.total ?? base.total,
    done: status.done ?? base.done,
    now: reading(status, base.now),
  };
  // All nodes are done and only reports are left: the node that ran last runs no more.
  if (next.total !== null && next.done >= next.total) return { ...next, current: null, currentSince_ms: null };
  if (status.node_id === null || status.node_id === undefined || next.steps.some((step) => step.node_id === status.node_id)) {
    return next;
  }
  return {
    ...next,
    current: { node_id: String(status.node_id), title: status.title ?? base.current?.title ?? "" },
    currentSince_ms: now_ms - (status.node_elapsed_s ?? 0) * 1000,
  };
}

export function warned(state, event) {
  const message = String(event.message ?? "").trim();
  if (!message || state.warnings.includes(message)) return state;
  return { ...state, warnings: [...state.warnings, message].slice(-5) };
}

/** Seconds until the run is likely to end, `{low, high}`; null where that is not known or already past. */
export function left_s(state, now_ms) {
  const elapsed = elapsed_s(state, now_ms);
  if (elapsed === null || state.expected_s === null || elapsed >= state.expected_s.high) return null;
  const { low, high } = state.expected_s;
  return { low: Math.max(0, low - elapsed), high: high - elapsed };
}

export const elapsed_s = (state, now_ms) =>
  state.active && state.startedAt_ms !== null ? Math.max(0, (now_ms - state.startedAt_ms) / 1000) : null;

/**
 * The bars of the live view, longest first, at most `limit`, the running node
 * always among them: `{node_id, title, time_s, share, running, status, vram_max}`.
 */
export function bars(state, now_ms, limit = 8) {
  const rows = state.steps
    .filter((step) => step.status !== "running" && step.node_id !== state.current?.node_id)
    .map((step) => ({ ...step, time_s: step.exec_time ?? 0, running: false }));
  const running =
    state.active && state.current
      ? {
          node_id: state.current.node_id,
          title: state.current.title || state.steps.find((step) => step.node_id === state.current.node_id)?.title || "",
          time_s: Math.max(0, (now_ms - (state.currentSince_ms ?? now_ms)) / 1000),
          running: true,
          status: "running",
          vram_max: null,
        }
      : null;
  rows.sort((a, b) => b.time_s - a.time_s);
  const shown = rows.slice(0, running ? limit - 1 : limit);
  if (running) shown.push(running);
  shown.sort((a, b) => b.time_s - a.time_s);
  const longest = Math.max(0, ...shown.map((row) => row.time_s));
  return shown.map((row) => ({ ...row, share: longest > 0 ? row.time_s / longest : 0 }));
}

/** The middle of the values that are numbers; null where none is. */
export function median(values) {
  const known = values.filter((value) => typeof value === "number").sort((a, b) => a - b);
  const middle = Math.floor(known.length / 2);
  if (!known.length) return null;
  return known.length % 2 ? known[middle] : (known[middle - 1] + known[middle]) / 2;
}
