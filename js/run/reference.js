// Whether the open workflow still is its reference, for whoever wants to show it.
// Asks the server only while somebody listens.

import * as backend from "../comfy/api.js";
import { rootGraph } from "../comfy/canvas.js";
import { debounce } from "../ui/dom.js";
import { hasEnabledStart } from "../comfy/graph.js";
import { app, onEvent } from "../comfy/app.js";

const SETTLE_MS = 700;

/** The open workflow as the server wants it: `{prompt, workflow}`. */
export async function currentGraph() {
  const { output, workflow } = await app.graphToPrompt();
  return { prompt: output, workflow };
}

/** Returns `{info, subscribe, refresh}`; `info.state`: unknown, "no start", none, match or changed. */
export function createReference() {
  let info = { state: "unknown", changes: [] };
  const listeners = new Set();
  let turn = 0;

  async function refresh() {
    if (!listeners.size) return;
    const mine = ++turn;
    let next = { state: "unknown", changes: [] };
    try {
      if (!hasEnabledStart(rootGraph())) next = { state: "no start", changes: [] };
      else {
        const answer = await backend.check(await currentGraph());
        const state = !answer.has_reference ? "none" : answer.match ? "match" : "changed";
        next = { state, changes: answer.changes ?? [], workflowId: answer.workflow_id };
      }
    } catch {
      // the server is away or too old to know: nothing is claimed
    }
    if (mine !== turn) return;
    info = next;
    for (const listener of listeners) listener(info);
  }

  const soon = debounce(refresh, SETTLE_MS);
  onEvent("graphChanged", soon);
  onEvent("reconnected", soon);

  return {
    get info() {
      return info;
    },
    subscribe(listener) {
      listeners.add(listener);
      soon();
      return () => listeners.delete(listener);
    },
    refresh,
  };
}
