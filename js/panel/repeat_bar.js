// Run x N: how to repeat, the series that goes on, and what the last one came to.

import { button, field, fill, h, iconButton, select } from "../ui/dom.js";
import { range, seconds, share } from "../ui/format.js";
import { t, tn } from "../ui/i18n.js";
import { MAX_REPEATS, repeatCount, seriesKey } from "../run/repeat.js";

/** How well the median is to be known for a series to end early. */
const NARROW = 0.05;

/** `guarded(action)`: a click's handler that says what failed. Returns `{buttons, element, refresh, dispose}`. */
export function createRepeatBar(context, guarded) {
  const { prefs, actions, series } = context;
  const progress = h("div", { class: "hp-repeat", hidden: true, role: "status" });
  const times = h("input", {
    class: "hp-input hp-times",
    type: "number",
    min: 1,
    max: MAX_REPEATS,
    value: String(prefs.get("run_count") || 3),
    "aria-label": t("How many runs"),
    on: {
      change: () => {
        times.value = String(repeatCount(times.value));
        prefs.set("run_count", Number(times.value));
      },
    },
  });
  const options = h("div", { class: "hp-repeat-options", hidden: true });
  const more = iconButton("sliders-h", t("How to repeat"), () => {
    prefs.setPanel("repeat_options", !prefs.getPanel("repeat_options", false));
    drawOptions();
  });
  const runMany = guarded(async () => {
    if (!actions.needsStart()) return;
    await series.start({
      runs: repeatCount(times.value),
      warm_ups: prefs.getPanel("repeat_warm_ups", 1),
      cache: prefs.getPanel("repeat_cache", "re-run"),
      ...(prefs.getPanel("repeat_narrow", false) ? { narrow: NARROW } : {}),
    });
  });

  /** Also after the tab was closed or the page loaded anew: the series goes on without the panel. */
  function drawSeries(found) {
    const isRunning = found?.state === "running";
    progress.hidden = !found || (!isRunning && prefs.getPanel("repeat_seen", "") === seriesKey(found));
    if (progress.hidden) return;
    if (isRunning) drawRunning(found);
    else drawEnded(found);
  }

  function drawRunning({ runs, done, warm_ups: warmUps, warm_ups_done: warm, median_s: median }) {
    const isWarm = warm < warmUps;
    const text = isWarm
      ? t("Warm-up {number} of {n}", { number: warm + 1, n: warmUps })
      : tn("{done} of {n} run done|{done} of {n} runs done", runs, { done });
    fill(
      progress,
      h("progress", { class: "hp-progress", max: warmUps + runs, value: warm + done, "aria-label": t("Runs done") }),
      h("span", {}, median === null ? text : `${text} · ${t("median {time}", { time: seconds(median) })}`),
      button(t("Cancel"), guarded(series.cancel)),
    );
  }

  function drawEnded(found) {
    const { done, run_ids: ids, median_s: median, low_s: low, high_s: high, outliers, message } = found;
    const ending = {
      finished: tn("{n} run done.|{n} runs done.", done),
      cancelled: tn("Cancelled after {n} run.|Cancelled after {n} runs.", done),
    }[found.state] ?? `${tn("Ended after {n} run.|Ended after {n} runs.", done)} ${message}`;
    const spread = median === null ? "" : ` ${t("Median {median}", { median: seconds(median) })}`;
    const within = typeof low === "number" && typeof high === "number" ? ` (${range(low, high, seconds)})` : "";
    const left = outliers.length ? ` ${tn("{n} outlier left out.|{n} outliers left out.", outliers.length)}` : "";
    fill(
      progress,
      h("span", { class: "hp-repeat-end", title: within ? t("The median lies in this range with 95 % confidence") : "" }, `${ending}${spread}${within}${spread ? "." : ""}${left}`),
      h(
        "span",
        { class: "hp-row" },
        ids.length ? button(t("Compare with…"), () => pick(ids), { title: t("Tick these runs in the history; then tick what to compare them with") }) : null,
        iconButton("times", t("Dismiss"), () => {
          prefs.setPanel("repeat_seen", seriesKey(found));
          drawSeries(found);
        }),
      ),
    );
  }

  /** Tick the series' runs in the history, so that only the other side has to be chosen. */
  function pick(ids) {
    for (const id of ids) context.selection.add(id);
    actions.runs();
  }

  function drawOptions() {
    const isOpen = prefs.getPanel("repeat_options", false);
    const set = (name) => (value) => prefs.setPanel(name, value);
    more.setAttribute("aria-expanded", String(isOpen));
    options.hidden = !isOpen;
    fill(
      options,
      field(t("Warm-ups"), select([0, 1, 2, 3].map((n) => [String(n), String(n)]), String(prefs.getPanel("repeat_warm_ups", 1)), (n) => set("repeat_warm_ups")(Number(n))), {
        title: t("Runs before those that count"),
      }),
      field(
        t("Cache"),
        select([["re-run", t("run all nodes")], ["cold", t("run all nodes, models unloaded")], ["keep", t("keep cached results")]], prefs.getPanel("repeat_cache", "re-run"), set("repeat_cache")),
      ),
      h(
        "label",
        { class: "hp-check", title: t("End the series as soon as its median is known to {share} either way", { share: share(NARROW) }) },
        h("input", { type: "checkbox", checked: prefs.getPanel("repeat_narrow", false), on: { change: (event) => set("repeat_narrow")(event.target.checked) } }),
        t("Stop once the median is known to ±{share}", { share: share(NARROW) }),
      ),
    );
  }

  const buttons = h(
    "span",
    { class: "hp-times-group" },
    button(t("Run ×"), runMany, {
      iconName: "replay",
      title: t("Queue several profiled runs one after the other; they go on when the panel or the page is closed"),
    }),
    times,
    more,
  );
  let newest = null;
  const stop = series.subscribe((found) => drawSeries((newest = found)));
  drawOptions();
  return {
    buttons,
    element: h("div", { class: "hp-stack" }, options, progress),
    refresh() {
      times.value = String(prefs.get("run_count"));
      drawOptions();
      drawSeries(newest);
    },
    dispose: stop,
  };
}
