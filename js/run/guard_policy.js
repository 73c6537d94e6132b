// What to do with a run whose graph is not the reference any more. Pure.

import { START } from "../comfy/graph.js";
import { t } from "../ui/i18n.js";

const STRICTNESS = ["ignore", "warn", "block"];

/** The enabled Profiler Starts of a prompt in API format. */
export function enabledStarts(prompt) {
  return Object.values(prompt ?? {}).filter(
    (node) => node?.class_type === START && node.inputs?.enabled !== false,
  );
}

/** `warn`, `block` or `ignore`: the strictest of the prompt's Starts; null where there is none. */
export function policyOf(prompt) {
  const starts = enabledStarts(prompt);
  if (!starts.length) return null;
  const levels = starts.map((node) => STRICTNESS.indexOf(node.inputs?.on_mismatch));
  return STRICTNESS[Math.max(...levels.map((level) => (level < 0 ? STRICTNESS.indexOf("warn") : level)))];
}

/** Whether to ask before running. `answer` is that of `POST check`. */
export function mustAsk(answer, policy) {
  return Boolean(answer) && answer.has_reference === true && answer.match === false && policy !== "ignore" && policy !== null;
}

const KIND_ORDER = ["added", "removed", "retyped", "rewired", "renamed"];

/** Changes in a fixed order, one entry a kind: `[{kind, changes}]`. */
export function byKind(changes) {
  const kinds = [...new Set([...KIND_ORDER, ...changes.map((change) => change.kind)])];
  return kinds
    .map((kind) => ({ kind, changes: changes.filter((change) => change.kind === kind) }))
    .filter((entry) => entry.changes.length > 0);
}

/** A changed node by name: "Upscale #14". */
export function changeName(change) {
  const title = String(change.title ?? "").trim();
  return title ? `${title} #${change.node_id}` : `#${change.node_id}`;
}

/** What the server writes about a change beyond its name: "negative", "(was First sampler)". */
export function changeDetail(change) {
  const detail = String(change.detail ?? "").trim();
  const start = `${change.kind}: ${changeName(change)}`;
  return detail.startsWith(start) ? detail.slice(start.length).trim() : detail;
}

/** The word for a kind of change. */
export const kindWord = (kind) =>
  ({ added: t("added"), removed: t("removed"), retyped: t("retyped"), rewired: t("rewired"), renamed: t("renamed") })[kind] ?? kind;

/** All changes in one sentence: "added: Upscale #14; rewired: KSampler #3". At most `limit` names. */
export function changesSentence(changes, limit = 6) {
  let left = limit;
  const parts = [];
  for (const { kind, changes: ofKind } of byKind(changes)) {
    if (left <= 0) break;
    parts.push(`${kindWord(kind)}: ${ofKind.slice(0, left).map(changeName).join(", ")}`);
    left -= ofKind.length;
  }
  const hidden = changes.length - limit;
  return parts.join("; ") + (hidden > 0 ? ` ${t("and {n} more", { n: hidden })}` : "");
}
