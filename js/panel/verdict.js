// One line about a run against its baseline, or against the run of its workflow before it.

import * as backend from "../comfy/api.js";
import { runLabel, seconds, signed } from "../ui/format.js";
import { t } from "../ui/i18n.js";

const NOTABLE_SHARE = 0.1; // a node that makes less of the difference is not worth a name
const NAMED = 2;

/** The run to compare with: the newest pinned one, else the newest before it that executed as many nodes. */
async function referenceFor(run) {
  const workflow = run.workflow_id || run.workflow_hash;
  if (!workflow || run.status !== "success" || run.pinned) return null;
  const { runs } = await backend.listRuns({ workflow, status: "success", limit: 50, sort: "-timestamp" });
  const others = runs.filter(({ id }) => id !== run.id);
  const executed = ({ node_count: nodes, cached_count: cached }) => nodes - (cached ?? 0);
  return (
    others.find(({ pinned }) => pinned) ??
    others.find((other) => other.timestamp < run.timestamp && executed(other) === executed(run)) ??
    null
  );
}

/**
 * `{text, tone, ids, changes}`, or null where there is nothing to compare with; `changes`: each node's
 * change of time in seconds, as `{node_id, status, change}`.
 */
export async function verdictOf(run) {
  const other = await referenceFor(run);
  if (!other) return null;
  const comparison = await backend.compareRuns([other.id, run.id], [other.id]);
  const delta = comparison.totals?.total_time;
  if (typeof delta?.change !== "number") return null;
  const name = runLabel(other) === `Run ${other.id}` ? runLabel(other) : `${runLabel(other)} (${other.id})`;
  const ids = [other.id, run.id];
  const changes = comparison.nodes.map((node) => ({
    node_id: node.node_id,
    status: node.statuses?.at(-1) ?? "ok",
    change: node.deltas?.exec_time?.change ?? null,
  }));
  if (delta.is_noise || delta.verdict === "no difference") return { text: t("As fast as {run}.", { run: name }), tone: "", ids, changes };
  const isSlower = delta.change > 0;
  const causes = comparison.nodes
    .map((node) => [node.node_title || node.node_type, node.deltas?.exec_time?.change ?? 0])
    .filter(([, change]) => change > 0 === isSlower && Math.abs(change) >= NOTABLE_SHARE * Math.abs(delta.change))
    .slice(0, NAMED)
    .map(([title, change]) => `${title} ${signed(change, seconds)}`);
  const values = { time: seconds(Math.abs(delta.change)), run: name };
  const text = isSlower ? t("{time} slower than {run}", values) : t("{time} faster than {run}", values);
  return { text: causes.length ? `${text}: ${causes.join(", ")}` : text, tone: delta.verdict === "unknown" ? "" : isSlower ? "hp-worse" : "hp-better", ids, changes };
}
