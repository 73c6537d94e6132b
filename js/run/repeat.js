// Run x N: queue one profiled run after the other and count them. Pure but for what
// it is given, so that it can be tried without a page.

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
