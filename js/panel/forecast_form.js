// What the next run will take, and one of other sizes, where enough runs tell.

import * as backend from "../comfy/api.js";
import { fill, h } from "../ui/dom.js";
import { msg, t, tn } from "../ui/i18n.js";
import { attempt, openFold } from "../ui/widgets.js";
import { forecastText } from "./trend_words.js";

const METRICS = [
  ["total_time", msg("Time")],
  ["frame_time_s", msg("Time a frame")],
  ["vram_max", msg("VRAM peak")],
  ["ram_max_bytes", msg("RAM peak")],
];
const SIZES = { width: msg("Width"), height: msg("Height"), frames: msg("Frames"), batch_size: msg("Batch size"), steps: msg("Steps") };

/** `query`: of `GET trends`, which gave `trends`. Null where there is nothing to foretell. */
export function forecastFold(context, query, { forecast, sizes, totals }) {
  const known = METRICS.filter(([metric]) => typeof forecast[metric]?.expected === "number");
  const names = Object.keys(SIZES).filter((name) => sizes[name]);
  if (!known.length && !names.length) return null;
  const answer = h("div", { role: "status" });
  const inputs = new Map(
    names.map((name) => [name, h("input", { class: "hp-input", type: "number", min: 1, step: 1, value: String(sizes[name].newest ?? ""), on: { change: ask } })]),
  );

  const list = (found) =>
    h(
      "dl",
      { class: "hp-facts" },
      METRICS.filter(([metric]) => found[metric] && totals[metric].median !== null).map(([metric, label]) => {
        const { run_count: count } = found[metric];
        return [h("dt", {}, t(label)), h("dd", {}, forecastText(metric, found[metric]), count ? h("span", { class: "hp-muted" }, ` ${tn("fitted on {n} run|fitted on {n} runs", count)}`) : null)];
      }),
    );

  async function ask() {
    await attempt(context, async () => {
      const wanted = Object.fromEntries([...inputs].map(([name, { value }]) => [name, Math.round(Number(value))]).filter(([, value]) => value > 0));
      const { forecast_for: found } = await backend.getTrends({ ...query, ...wanted, limit: 1 });
      fill(answer, list(found));
    });
  }

  return openFold(
    t("The next run"),
    known.length ? list(Object.fromEntries(known.map(([metric]) => [metric, forecast[metric]]))) : h("p", { class: "hp-muted" }, forecast.total_time?.reason ?? ""),
    names.length
      ? [
          h("p", { class: "hp-muted" }, t("With other sizes:")),
          h("div", { class: "hp-filter-grid" }, names.map((name) => h("label", { class: "hp-day" }, h("span", { class: "hp-muted" }, t(SIZES[name])), inputs.get(name)))),
          answer,
        ]
      : null,
  );
}
