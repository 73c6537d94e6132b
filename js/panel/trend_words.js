// What a workflow's trend says, in words. Pure. A trend is what `GET trends` gives
// for one quantity: `{values, median, slope_per_run, change_share, is_certain}`.

import { bytes, dateTime, joules, range, seconds, share, signed } from "../ui/format.js";
import { msg, t } from "../ui/i18n.js";

const LEAST_RUNS = 5;
const LEAST_CHANGE = 0.02;

export const measured = (values) => values.filter((value) => typeof value === "number" && Number.isFinite(value));

/** The change from the first run to the last as a share, where it is sure and worth a word; else null. */
export function clearChange({ values, change_share: change, is_certain: isCertain }) {
  if (!isCertain || typeof change !== "number") return null;
  return measured(values).length >= LEAST_RUNS && Math.abs(change) >= LEAST_CHANGE ? change : null;
}

/** How a peak of memory moved; "" where it did not clearly. */
export function memorySentence(name, trend) {
  const change = clearChange(trend);
  if (change === null) return "";
  const values = { name, n: measured(trend.values).length, share: share(Math.abs(change)), size: bytes(Math.abs(trend.slope_per_run)) };
  return change > 0
    ? t("{name} grew by {share} over {n} runs, about {size} each run.", values)
    : t("{name} shrank by {share} over {n} runs, about {size} each run.", values);
}

/** What a node keeps, to follow its name. */
export function leakSentence({ kind, bytes_per_run: perRun, total_bytes: total, run_ids: runs }) {
  const values = { size: bytes(perRun), total: bytes(total), n: runs.length };
  return kind === "vram"
    ? t("keeps about {size} of GPU memory in every run and does not give it back: {total} over {n} runs.", values)
    : t("keeps about {size} of main memory in every run and does not give it back: {total} over {n} runs.", values);
}

/** A node's times over the runs in which it ran, the largest median first; `changes` are the dated ones. */
export function nodeStatistics(nodes, changes = []) {
  return nodes
    .map((node) => {
      const times = measured(node.exec_time.values);
      return {
        ...node,
        median_s: node.exec_time.median,
        least_s: times.length > 1 ? Math.min(...times) : null,
        most_s: times.length > 1 ? Math.max(...times) : null,
        run_count: times.length,
        change: changes.findLast(({ node_id: id, metric }) => id === node.node_id && metric === "exec_time")?.share ?? clearChange(node.exec_time),
      };
    })
    .sort((a, b) => (b.median_s ?? -1) - (a.median_s ?? -1));
}

/** How a quantity is called in the middle of a sentence, and how its values read. */
const QUANTITIES = {
  total_time: [msg("the run's time"), seconds],
  exec_time: [msg("active time"), seconds],
  vram_max: [msg("VRAM peak"), bytes],
  ram_max_bytes: [msg("RAM peak"), bytes],
  energy_joules: [msg("energy"), joules],
  frame_time_s: [msg("time a frame"), seconds],
};
const CAUSES = 3;

/** A lasting change, to follow the name of its node where it has one: since when, from what to what, and why perhaps. */
export function changeSentence({ metric, run_id: id, timestamp, before, after, share: change, causes }) {
  const [name, format] = QUANTITIES[metric] ?? [metric, (value) => share(value)];
  const values = { id, date: dateTime(timestamp), quantity: t(name), before: format(before), after: format(after), change: signed(change, share) };
  const text = t("Since run {id} ({date}): {quantity} {before} → {after} ({change}).", values);
  const known = causes.map(({ detail, title }) => detail || title).filter(Boolean);
  if (!known.length) return text;
  const more = known.length > CAUSES ? ` ${t("and {n} more", { n: known.length - CAUSES })}` : "";
  return `${text} ${t("Changed there: {causes}", { causes: known.slice(0, CAUSES).join("; ") })}${more}`;
}

/** "1.1 s (1.0–1.3 s)"; the reason where nothing can be said; "" without either. */
export function forecastText(metric, { expected, low, high, reason } = {}) {
  const [, format] = QUANTITIES[metric];
  if (typeof expected !== "number") return reason ?? "";
  return `${format(expected)} (${range(low, high, format)})`;
}
