// Keeps the state of the run that is going on, from the server's events, for whoever
// wants to show it. Asks the server only while a run is active.

import { getStatus, listRuns } from "../comfy/api.js";
import { rootGraph, titleById } from "../comfy/canvas.js";
import { isMine, onEvent } from "../comfy/app.js";
import { isProfilerNode, walk } from "../comfy/graph.js";
import * as model from "./live_model.js";

const POLL_MS = 1000;
const EARLIER_RUNS = 30;

/** Start listening. Returns `{state, subscribe, refresh, dismiss}`. */
export function createLive(now = () => Date.now()) {
  let state = model.IDLE;
  const listeners = new Set();
  let timer = null;

  const set = (next) => {
    if (next === state) return;
    state = next;
    schedule();
    for (const listener of listeners) listener(state);
  };

  const schedule = () => {
    if (state.active && timer === null) timer = setTimeout(poll, POLL_MS);
    if (!state.active && timer !== null) {
      clearTimeout(timer);
      timer = null;
    }
  };

  const poll = async () => {
    timer = null;
    try {
      const status = await getStatus(); // first: the state may change while we wait
      set(model.polled(state, status, now()));
    } catch {
      // the server is away: its return or the next event brings more
    }
    schedule();
  };

  let cached = { promptId: null, count: null }; // what ComfyUI said last
  onEvent("execution_cached", ({ prompt_id: promptId, nodes = [] }) => {
    const own = new Set([...walk(rootGraph())].filter(({ node }) => isProfilerNode(node)).map(({ id }) => id));
    cached = { promptId, count: nodes.filter((id) => !own.has(String(id))).length };
  });

  /** What this workflow's earlier runs of the same kind took. */
  const expect = async (event) => {
    const { workflow_id: workflow, prompt_id: promptId } = event;
    if (!workflow || !promptId) return;
    const { runs } = await listRuns({ workflow, status: "success", limit: EARLIER_RUNS, sort: "-timestamp" }).catch(() => ({ runs: [] }));
    const cachedCount = cached.promptId === promptId ? cached.count : null;
    set(model.expected(state, promptId, model.likely_s(runs, { ...event, cached_count: cachedCount })));
  };

  const on = (name, step) =>
    onEvent(`holaf.profiler.${name}`, (event) => {
      if (isMine(event)) set(step(state, event, now()));
    });
  on("run_started", (before, event, now_ms) => {
    expect(event);
    return model.started(before, event, now_ms);
  });
  on("step", model.stepped);
  on("run_finished", model.finished);
  on("warning", model.warned);
  onEvent("progress", (event) => set(model.progressed(state, event)));
  onEvent("executing", (event) => {
    const id = typeof event === "object" ? (event.display_node ?? event.node ?? null) : event;
    set(model.executing(state, id, id === null ? "" : titleById(id), now()));
  });
  onEvent("reconnected", poll);

  return {
    get state() {
      return state;
    },
    /** Hear every change. Returns a function that stops it. */
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Ask the server what runs now. */
    refresh: poll,
    /** Forget the last run's summary and the warnings. */
    dismiss() {
      set({ ...state, last: null, warnings: [] });
    },
  };
}
