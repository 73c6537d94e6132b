// Runs put into sets, to be compared each with each. Pure.

import { runLabel } from "../ui/format.js";

export const SETS_MAX = 8;

/** What a run's set may be called by. */
const LABELS = {
  tag: (run) => (run.tags ?? []).join(", "),
  workflow: (run) => run.workflow_name || String(run.workflow_id || run.workflow_hash || "").slice(0, 8),
  name: (run) => (run.name ?? "").trim(),
  /** Never the workflow's name, which would be every run's. */
  run: ({ id, name }) => (name?.trim() ? `${name.trim()} (${id})` : runLabel({ id })),
};

/** `[{label, ids}]`, in the order of `runs`; null where that gives fewer than two sets or more than can be compared. */
export function setsOf(runs, by) {
  const sets = new Map();
  for (const run of runs) {
    const label = LABELS[by](run);
    const key = by === "run" ? run.id : label;
    if (!sets.has(key)) sets.set(key, { label: label || "–", ids: [] });
    sets.get(key).ids.push(run.id);
  }
  return sets.size >= 2 && sets.size <= SETS_MAX ? [...sets.values()] : null;
}
