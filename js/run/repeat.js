// Run x N: the newest series of runs. ComfyUI keeps it, so progress and Cancel outlive the panel and the page.

export const MAX_REPEATS = 100;

/** A whole number from 1 to {@link MAX_REPEATS}; anything else becomes the nearest. */
export function repeatCount(text) {
  const value = Math.round(Number(text));
  if (!Number.isFinite(value)) return 1;
  return Math.min(MAX_REPEATS, Math.max(1, value));
}

/** What tells a series from others, also after ComfyUI was restarted and counts from 1 again. */
export const seriesKey = ({ id, run_ids: runs }) => `${id}:${runs[0] ?? ""}`;

/**
 * `backend`: `{listRepeats, startRepeat, cancelRepeat}`; `mayQueue()` resolves with false, or `{force}`, once
 * the guard has been asked; `plan()` gives the graph to run. Returns `{start, cancel, refresh, subscribe}`:
 * `start(options)` resolves with whether a series began; listeners hear the newest series, null for none.
 */
export function createSeries({ backend, mayQueue, plan }) {
  const listeners = new Set();
  let newest = null;
  let turn = 0;

  const publish = (series) => {
    newest = series;
    for (const listener of listeners) listener(newest);
  };

  /** The server is away now and then: what it said last stays. */
  async function refresh() {
    const mine = ++turn;
    const answer = await backend.listRepeats().catch(() => null);
    if (answer && mine === turn) publish(answer.repeats[0] ?? null);
  }

  return {
    refresh,
    async start(options) {
      const verdict = await mayQueue();
      if (!verdict) return false;
      const { repeat } = await backend.startRepeat({ ...(await plan()), ...options, force: verdict.force });
      turn += 1;
      publish(repeat);
      return true;
    },
    async cancel() {
      if (newest?.state === "running") await backend.cancelRepeat(newest.id);
      await refresh();
    },
    /** Returns a function that stops it. */
    subscribe(listener) {
      listeners.add(listener);
      listener(newest);
      refresh();
      return () => listeners.delete(listener);
    },
  };
}
