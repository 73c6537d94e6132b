// What the statistics of node classes come to by pack. Pure.

/**
 * `types`: of `GET statistics`; `packOf(node_type)`: the pack's name, "" for a class that is not installed.
 * Returns `[{name, total_s, share, type_count}]`, the largest first; a share is of all of them.
 */
export function packTotals(types, packOf) {
  const packs = new Map();
  for (const { node_type: type, total_s: time } of types) {
    const name = packOf(type);
    const pack = packs.get(name) ?? { name, total_s: 0, type_count: 0 };
    pack.total_s += time;
    pack.type_count += 1;
    packs.set(name, pack);
  }
  const all = [...packs.values()].reduce((sum, { total_s: time }) => sum + time, 0);
  return [...packs.values()].map((pack) => ({ ...pack, share: all > 0 ? pack.total_s / all : null })).sort((a, b) => b.total_s - a.total_s);
}

/** What a form's texts ask `POST history/tidy` to keep; null where none of them is a number. */
export function keepLimits({ days, runs, gigabytes }) {
  const value = (text) => (String(text ?? "").trim() === "" || !(Number(text) >= 0) ? null : Number(text));
  const limits = { keep_days: value(days), keep_runs: value(runs), keep_bytes: value(gigabytes) };
  if (limits.keep_runs !== null) limits.keep_runs = Math.floor(limits.keep_runs);
  if (limits.keep_bytes !== null) limits.keep_bytes = Math.floor(limits.keep_bytes * 1024 ** 3);
  const given = Object.entries(limits).filter(([, limit]) => limit !== null);
  return given.length ? Object.fromEntries(given) : null;
}
