// Queueing profiled runs from the panel and from commands, and waiting for their end.

import { api, app, interrupt, onEvent, queuedPromptIds } from "../comfy/app.js";

const CHECK_MS = 5000;
const GRACE_MS = 4000;

/** `tap` from prompt_tap.js, `guard` from guard.js (null where there is none). */
export function createQueueing({ tap, guard }) {
  const queueOnce = () => app.queuePrompt(0, 1);

  /** Queue the open workflow; the guard may ask first. */
  const run = () => queueOnce();

  /** Queue it whatever the guard thinks; the run is marked as forced. */
  const force = () => (guard ? guard.force(queueOnce) : queueOnce());

  /**
   * Queue once and wait for the end: `{status, promptId, run_id, total_time}`; status `refused` where
   * nothing was queued. `onQueued(promptId)` hears the id as soon as it is known.
   */
  async function runToEnd(onQueued = () => {}) {
    const ids = [];
    const stop = tap.onQueued((id) => ids.push(id));
    const early = collectEndings();
    try {
      await queueOnce();
    } catch (error) {
      early.stop();
      throw error;
    } finally {
      stop();
    }
    const promptId = ids.at(-1);
    if (promptId === undefined) {
      early.stop();
      return { status: "refused", promptId: null };
    }
    onQueued(promptId);
    return { ...(await early.endOf(promptId)), promptId };
  }

  /** Stop this prompt: out of the queue if it waits there, interrupted if it runs. */
  async function stop(promptId) {
    const { running, pending } = await queuedPromptIds();
    if (pending.includes(promptId)) await api.deleteItem("queue", promptId);
    else if (running.includes(promptId)) await interrupt(promptId);
  }

  return { run, force, runToEnd, stop };
}

/** Listens from before the prompt is queued, since a cached run may end at once. */
function collectEndings() {
  const endings = new Map();
  let wanted = null;
  let settle = null;
  let timer = null;

  const end = (id, ending) => {
    if (!endings.has(id)) endings.set(id, ending);
    if (id === wanted) settle?.(endings.get(id));
  };
  const endSoon = (id, status) => {
    // the profiler's own event comes a moment after ComfyUI's and knows more
    setTimeout(() => end(id, { status }), GRACE_MS);
  };
  const stops = [
    onEvent("holaf.profiler.run_finished", ({ prompt_id: id, status = "success", run_id, total_time }) =>
      end(String(id), { status, run_id, total_time }),
    ),
    onEvent("execution_success", (event) => endSoon(String(event.prompt_id), "success")),
    onEvent("execution_error", (event) => endSoon(String(event.prompt_id), "failed")),
    onEvent("execution_interrupted", (event) => endSoon(String(event.prompt_id), "interrupted")),
  ];
  const stop = () => {
    for (const unsubscribe of stops) unsubscribe();
    clearInterval(timer);
  };

  const lookUp = async () => {
    try {
      const { running, pending } = await queuedPromptIds();
      if (running.includes(wanted) || pending.includes(wanted)) return;
      const response = await api.fetchApi(`/history/${wanted}`, { cache: "no-store" });
      const entry = response.ok ? (await response.json())[wanted] : undefined;
      endSoon(wanted, entry ? (entry.status?.status_str === "success" ? "success" : "failed") : "interrupted");
    } catch {
      // the server is away; asked again at the next turn
    }
  };

  return {
    stop,
    endOf(promptId) {
      wanted = promptId;
      return new Promise((resolve) => {
        settle = (ending) => {
          stop();
          resolve(ending);
        };
        if (endings.has(promptId)) settle(endings.get(promptId));
        else timer = setInterval(lookUp, CHECK_MS);
      });
    },
  };
}
