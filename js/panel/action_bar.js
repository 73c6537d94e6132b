// The buttons above everything: run, update nodes, force, run x N; and how the workflow stands to its reference.

import { button, fill, h } from "../ui/dom.js";
import { range, seconds } from "../ui/format.js";
import { t, tn } from "../ui/i18n.js";
import { changesSentence } from "../run/guard_policy.js";
import { MAX_REPEATS, repeatCount, spreadOf } from "../run/repeat.js";

/** Returns `{element, dispose}`. */
export function createActionBar(context) {
  const { prefs, actions, series, reference } = context;
  const state = h("div", { class: "hp-reference", role: "status" });
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
  const buttons = h(
    "div",
    { class: "hp-actions" },
    button(t("Run profile"), guarded(actions.run), {
      class: "hp-primary",
      iconName: "play",
      title: t("Queue this workflow with profiling; asks first if it changed since Update nodes"),
    }),
    button(t("Update nodes"), guarded(actions.updateNodes), {
      iconName: "check-square",
      title: t("Remember the workflow as it is now as the reference that later runs are compared with"),
    }),
    button(t("Run all nodes again"), guarded(actions.runAll), {
      iconName: "refresh",
      title: t("Queue this workflow with every node executing, also those whose results are cached"),
    }),
    button(t("Force run"), guarded(actions.force), {
      iconName: "bolt",
      title: t("Skip the comparison with the reference and queue at once; the run is marked as forced. Cached nodes stay cached."),
    }),
    h(
      "span",
      { class: "hp-times-group" },
      button(t("Run ×"), guarded(runMany), { iconName: "replay", title: t("Queue several profiled runs one after the other") }),
      times,
    ),
  );
  const element = h("div", { class: "hp-action-bar" }, buttons, progress, state);

  function guarded(action) {
    return async (event) => {
      const pressed = event.currentTarget;
      pressed.disabled = true;
      try {
        await action();
      } catch (error) {
        context.say(error?.message ?? String(error), { tone: "error" });
      } finally {
        pressed.disabled = false;
      }
    };
  }

  async function runMany() {
    if (actions.needsStart() && !series.isRunning) await series.start(repeatCount(times.value));
  }

  /** Also after the tab was closed and opened again: the series goes on without the panel. */
  function drawSeries({ done, total, state: now, runs }) {
    progress.hidden = now !== "running";
    if (now === "running") {
      fill(
        progress,
        h("progress", { class: "hp-progress", max: total, value: done, "aria-label": t("Runs done") }),
        h("span", {}, tn("{done} of {n} run done|{done} of {n} runs done", total, { done })),
        button(t("Cancel"), () => series.cancel().catch((error) => context.say(error.message, { tone: "error" }))),
      );
      return;
    }
    const ending = {
      finished: tn("All {n} run done.|All {n} runs done.", total),
      cancelled: tn("Cancelled after {done} of {n} run.|Cancelled after {done} of {n} runs.", total, { done }),
      interrupted: tn("Stopped after {done} of {n} run.|Stopped after {done} of {n} runs.", total, { done }),
      refused: tn("Nothing more was queued after {done} of {n} run.|Nothing more was queued after {done} of {n} runs.", total, { done }),
    }[now] ?? tn("A run failed after {done} of {n} run.|A run failed after {done} of {n} runs.", total, { done });
    const spread = spreadOf(runs.map((run) => run.total_time));
    const summary = spread
      ? ` ${t("Median {median}, {range}.", { median: seconds(spread.median), range: range(spread.least, spread.most, seconds) })}`
      : "";
    context.say(`${ending}${summary}`, {
      tone: now === "finished" || now === "cancelled" ? "info" : "error",
      ...(runs.length ? { label: t("Compare with…"), action: () => pick(runs) } : {}),
    });
  }

  /** Tick the series' runs in the history, so that only the other side has to be chosen. */
  function pick(runs) {
    for (const { run_id: id } of runs) if (id) context.selection.add(id);
    actions.runs();
  }

  function drawReference(info) {
    element.dataset.reference = info.state;
    const changes = info.changes ?? [];
    const texts = {
      "no start": [t("This workflow has no Profiler Start."), button(t("Profile this workflow"), guarded(async () => actions.addNodes()))],
      none: [t("No reference yet. Update nodes remembers this workflow, so that changes are noticed before a run.")],
      match: [t("Same nodes and wires as the reference.")],
      changed: [
        h(
          "span",
          { class: "hp-changed-text", title: changesSentence(changes, 30) },
          t("Changed: {changes}", { changes: changesSentence(changes, 4) }),
        ),
        button(t("Show"), () => actions.showChanges(changes), { title: t("Select the changed nodes on the canvas") }),
      ],
    };
    const parts = texts[info.state] ?? null;
    state.hidden = !parts;
    fill(state, parts);
  }

  const stops = [reference.subscribe(drawReference), series.subscribe(drawSeries)];
  drawReference(reference.info);
  return {
    element,
    dispose: () => stops.forEach((stop) => stop()),
  };
}
