// What a workflow's trend says, in words. Pure. A trend is what `GET trends` gives
// for one quantity: `{values, median, slope_per_run, change_share, is_certain}`.

import { bytes, plural, seconds, share } from "../ui/format.js";

const LEAST_RUNS = 5;
const LEAST_CHANGE = 0.02;

export const measured = (values) => values.filter((value) => typeof value === "number" && Number.isFinite(value));

/** The change from the first run to the last as a share, where it is sure and worth a word; else null. */
export function clearChange({ values, change_share: change, is_certain: isCertain }) {
  if (!isCertain || typeof change !== "number") return null;
  return measured(values).length >= LEAST_RUNS && Math.abs(change) >= LEAST_CHANGE ? change : null;
}

/** Whether the workflow gets slower or faster. */
export function timeSentence(trend) {
  const count = measured(trend.values).length;
  if (!count) return "None of these runs has a time.";
  if (count < LEAST_RUNS) {
    return `${plural(count, "timed run")} so far. From ${LEAST_RUNS} on, this says whether the workflow gets slower or faster.`;
  }
  const change = clearChange(trend);
  if (change === null) return `No clear change over ${plural(count, "run")}: they usually take ${seconds(trend.median)}.`;
  const [word, direction] = change > 0 ? ["Slower", "more"] : ["Faster", "less"];
  return `${word} by ${share(Math.abs(change))} over ${plural(count, "run")}, about ${seconds(Math.abs(trend.slope_per_run))} ${direction} each run.`;
}

/** How a peak of memory moved; "" where it did not clearly. */
export function memorySentence(name, trend) {
  const change = clearChange(trend);
  if (change === null) return "";
  const word = change > 0 ? "grew" : "shrank";
  const count = measured(trend.values).length;
  return `${name} ${word} by ${share(Math.abs(change))} over ${plural(count, "run")}, about ${bytes(Math.abs(trend.slope_per_run))} each run.`;
}

/** What a node keeps, to follow its name. */
export function leakSentence({ kind, bytes_per_run: perRun, total_bytes: total, run_ids: runs }) {
  const place = kind === "vram" ? "GPU memory" : "main memory";
  return `keeps about ${bytes(perRun)} of ${place} in every run and does not give it back: ${bytes(total)} over ${plural(runs.length, "run")}.`;
}

/** A node's times over the runs in which it ran, the largest median first. */
export function nodeStatistics(nodes) {
  return nodes
    .map((node) => {
      const times = measured(node.exec_time.values);
      return {
        ...node,
        median_s: node.exec_time.median,
        least_s: times.length > 1 ? Math.min(...times) : null,
        most_s: times.length > 1 ? Math.max(...times) : null,
        run_count: times.length,
        change: clearChange(node.exec_time),
      };
    })
    .sort((a, b) => (b.median_s ?? -1) - (a.median_s ?? -1));
}
