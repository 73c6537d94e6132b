// What the timeline says in words below itself: a node, a moment, a stretch. Pure: data in, text out.

import { seconds, statusWord } from "../ui/format.js";
import { t, tn } from "../ui/i18n.js";
import { laneText } from "./lanes.js";
import { valueAt } from "./layout.js";

/** What every lane shows at `t_s`. */
export function momentText(data, t_s) {
  const values = data.lanes.flatMap(({ unit, series }) =>
    series.map((each) => [each.label, unit, valueAt(each, t_s)]).filter(([, , value]) => value !== null),
  );
  return [seconds(t_s), ...values.map(([name, unit, value]) => `${name} ${laneText(unit, value)}`)].join(" · ");
}

/** How a node ended, how long it took and when, what lay in it, its groups. */
export const nodeText = (node) =>
  [
    node.status === "ok" ? "" : statusWord(node.status),
    seconds(node.exec_time),
    t("from {start} to {end}", { start: seconds(node.start_s), end: seconds(node.end_s) }),
    ...insides(node),
    ...(node.groups?.length ? [node.groups.join(", ")] : []),
  ]
    .filter(Boolean)
    .join(" · ");

/** What the marks in a bar say: waiting, model loading, sampler steps. */
const insides = ({ segments, loads = [], steps = [] }) => {
  const length = (spans) => spans.reduce((sum, [start, end]) => sum + end - start, 0);
  const waiting_s = length(segments.filter(([kind]) => kind === "lazy" || kind === "expand").map(([, ...span]) => span));
  const step_s = length(steps) / steps.length;
  return [
    ...(waiting_s ? [t("waiting {time}", { time: seconds(waiting_s) })] : []),
    ...(loads.length ? [t("loading models {time}", { time: seconds(length(loads)) })] : []),
    ...(steps.length ? [t("a sampler step {time}", { time: seconds(step_s) })] : []),
  ];
};

/** A stretch: its length, the nodes with most of it, and each lane over it; as `sumStretch` has it. */
export const stretchText = ({ duration_s: length, nodes, lanes }) =>
  [
    seconds(length),
    tn("{n} node|{n} nodes", nodes.length),
    ...nodes.slice(0, 3).map(({ node, time_s }) => `${node.title} ${seconds(time_s)}`),
    ...lanes.map(({ label, unit, mean, most }) => t("{name} mean {mean}, peak {peak}", { name: label, mean: laneText(unit, mean), peak: laneText(unit, most) })),
  ].join(" · ");
