// Run x N: queue one profiled run after the other and count them. Knows no page, so that
// it can be tried without one; what goes on outlives whoever shows it.

export const MAX_REPEATS = 100;

/** A whole number from 1 to {@link MAX_REPEATS}; anything else becomes the nearest. */
export function repeatCount(text) {
  const value = Math.round(Number(text));
  if (!Number.isFinite(value)) return 1;
  return Math.min(MAX_REPEATS, Math.max(1, value));
}

/**
 * Run `total` times. `runOnce(index)` queues one run and resolves with
 * `{status}` once it has ended: success, partial, failed, interrupted, refused.
 * Anything but success or partial ends the series. `onProgress({done, total, state})`
 * hears every step. Returns `{promise, cancel}`; the promise resolves with
 * `{done, total, state}`, state one of finished, cancelled, failed, interrupted, refused.
 */
export function repeat(total, runOnce, onProgress = () => {}) {
  let cancelled = false;
  const promise = (async () => {
    await null; // so that whoever hears the progress has what this returns
    let done = 0;
    const report = (state) => {
      const progress = { done, total, state };
      onProgress(progress);
      return progress;
    };
    report("running");
    for (let index = 0; index < total; index += 1) {
      if (cancelled) return report("cancelled");
      const { status } = await runOnce(index);
      if (status === "success" || status === "partial") done += 1;
      if (cancelled) return report("cancelled");
      if (status !== "success" && status !== "partial") return report(status);
      report("running");
    }
    return report("finished");
  })();
  return {
    promise,
    cancel() {
      cancelled = true;
    },
  };
}

/** Median, least and most of the times that are known, in seconds; null where none is. */
export function spreadOf(times_s) {
  const known = times_s.filter((time) => typeof time === "number").sort((a, b) => a - b);
  if (!known.length) return null;
  const middle = Math.floor(known.length / 2);
  const median = known.length % 2 ? known[middle] : (known[middle - 1] + known[middle]) / 2;
  return { median, least: known[0], most: known.at(-1) };
}

/**
 * The one series of a page. `subscribe(listener)` hears `{done, total, state, runs}` at once where one is
 * there and then every step, `runs` being `{run_id, total_time}` of those that came to their end;
 * `cancel` ends the series and stops the run that goes on.
 */
export function createSeries(queueing) {
  const listeners = new Set();
  let progress = null;
  let current = null;
  let promptId = null;

  const publish = () => {
    for (const listener of listeners) listener(progress);
  };

  return {
    get isRunning() {
      return progress?.state === "running";
    },
    start(total) {
      const runs = [];
      current = repeat(
        total,
        async () => {
          const { status, run_id, total_time } = await queueing.runToEnd((id) => (promptId = id));
          promptId = null;
          if (status === "success" || status === "partial") runs.push({ run_id, total_time });
          return { status };
        },
        (step) => {
          progress = { ...step, runs };
          publish();
        },
      );
      return current.promise.finally(() => (progress = null));
    },
    async cancel() {
      current?.cancel();
      if (promptId) await queueing.stop(promptId);
    },
    subscribe(listener) {
      listeners.add(listener);
      if (progress) listener(progress);
      return () => listeners.delete(listener);
    },
  };
}
