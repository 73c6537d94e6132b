// What all runs come to: how many, how long, how many succeeded, month by month; which classes of nodes and
// which packs took the time. Upkeep stands below.

import * as backend from "../comfy/api.js";
import { packOf } from "../comfy/app.js";
import { button, fill, h } from "../ui/dom.js";
import { bytes, count, seconds, share } from "../ui/format.js";
import { t, tn } from "../ui/i18n.js";
import { figures, loading, number, problem, table } from "../ui/widgets.js";
import { settingsFold } from "./settings_view.js";
import { createUpkeep } from "./upkeep_view.js";
import { packTotals } from "./statistics_sums.js";

const NEWEST = 1000;
const ROWS_AT_ONCE = 10;
const MOST_ROWS = 1000;
const MONTHS = 24;

/** Returns `{element, refresh, concerns, dispose}`. */
export function createStatisticsView(context) {
  const body = h("div", { class: "hp-stack" }, loading());
  const { load, stop } = backend.newest((options) => backend.getStatistics({ last: NEWEST, limit: MOST_ROWS }, options), draw, (error) => fill(body, problem(error, load)));
  const upkeep = createUpkeep(context, load);
  const element = h("section", { class: "hp-statistics", "aria-label": t("Statistics") }, body, upkeep.element, settingsFold(context));

  function draw({ totals, types, run_count: looked, runs_left_out: left }) {
    upkeep.update(totals);
    const hasVram = types.some((type) => typeof type.vram_max?.maximum === "number");
    const whole = [
      [t("Runs"), totals.run_count, count],
      [t("Time in all"), totals.total_time, seconds],
      [t("Succeeded"), totals.success_rate, share],
      [t("Size"), totals.size_bytes, bytes],
    ];
    fill(
      body,
      figures(whole),
      totals.months.length > 1 ? growth(totals.months.slice(-MONTHS)) : null,
      types.length
        ? [
            left > 0 ? h("p", { class: "hp-muted" }, tn("Over the newest {n} run:|Over the newest {n} runs:", looked)) : null,
            h("h3", {}, t("Time by node type")),
            longTable(
              [[t("Type")], [t("Time in all")], [t("Median")], [t("Ran")], [t("From cache")], ...(hasVram ? [[t("VRAM peak")]] : [])],
              types,
              (type) => [type.node_type, seconds(type.total_s), seconds(type.exec_time?.median), count(type.executed_count), count(type.cached_count), ...(hasVram ? [bytes(type.vram_max?.maximum)] : [])],
            ),
            h("h3", {}, t("Time by pack")),
            longTable([[t("Pack")], [t("Time in all")], [t("Share")], [t("Node types")]], packTotals(types, packOf), (pack) => [
              pack.name || t("not installed here"),
              seconds(pack.total_s),
              share(pack.share),
              count(pack.type_count),
            ]),
          ]
        : h("p", { class: "hp-empty" }, t("No node has been measured yet.")),
    );
  }

  /** The first rows, and a button for the others. */
  function longTable(headers, entries, cells) {
    const holder = h("div", { class: "hp-stack" });
    const show = (limit) =>
      fill(
        holder,
        table(headers, entries.slice(0, limit).map((entry) => h("tr", {}, cells(entry).map((text, index) => (index ? number(text) : h("td", { class: "hp-ellipsis", title: text }, text)))))),
        entries.length > limit ? button(t("Show {n} more", { n: entries.length - limit }), () => show(Infinity)) : null,
      );
    show(ROWS_AT_ONCE);
    holder.firstElementChild.tabIndex = 0; // nothing in it takes the focus, and it may have to be scrolled
    return holder;
  }

  function growth(months) {
    const most = Math.max(...months.map(({ run_count: runs }) => runs));
    return h(
      "figure",
      { class: "hp-growth" },
      h("figcaption", { class: "hp-muted" }, t("Runs a month, {from} to {to}", { from: months[0].month, to: months.at(-1).month })),
      h(
        "ol",
        {},
        months.map(({ month, run_count: runs, total_time: time }) => {
          const text = `${month}: ${tn("{n} run|{n} runs", runs)}, ${seconds(time)}`;
          return h("li", { title: text }, h("span", { class: "hp-sr" }, text), h("span", { style: { height: `${Math.max(2, (100 * runs) / most)}%` }, "aria-hidden": "true" }));
        }),
      ),
    );
  }

  load();
  return { element, refresh: load, concerns: (what) => what === "run" || what === "history", dispose: stop };
}
