// The buttons above everything: Update nodes, Run profile, Force run, Run x N.

import { button, fill, h } from "../ui/dom.js";
import { changesSentence } from "../run/guard_policy.js";
import { plural } from "../ui/format.js";
import { MAX_REPEATS, repeat, repeatCount } from "../run/repeat.js";

/** Returns `{element, refresh, dispose}`. */
export function createActionBar(context) {
  const { prefs, actions, queueing, reference } = context;
  const state = h("div", { class: "hp-reference", role: "status" });
  const progress = h("div", { class: "hp-repeat", hidden: true, role: "status" });
  const times = h("input", {
    class: "hp-input hp-times",
    type: "number",
    min: 1,
    max: MAX_REPEATS,
    value: String(prefs.get("run_count") || 3),
    "aria-label": "How many runs",
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
    button("Run profile", guarded(actions.run), {
      class: "hp-primary",
      iconName: "play",
      title: "Queue this workflow with profiling; asks first if it changed since Update nodes",
    }),
    button("Update nodes", guarded(actions.updateNodes), {
      iconName: "check-square",
      title: "Remember the workflow as it is now as the reference that later runs are compared with",
    }),
    button("Force run", guarded(actions.force), {
      iconName: "bolt",
      title: "Queue this workflow without comparing it first; the run is marked as forced",
    }),
    h(
      "span",
      { class: "hp-times-group" },
      button("Run ×", guarded(runMany), { iconName: "replay", title: "Queue several profiled runs one after the other" }),
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
    if (!actions.needsStart()) return;
    const total = repeatCount(times.value);
    let current = null;
    const series = repeat(
      total,
      async () => {
        const { status } = await queueing.runToEnd((id) => (current = id));
        current = null;
        return { status };
      },
      draw,
    );
    const cancel = async () => {
      series.cancel();
      if (current) await queueing.stop(current).catch((error) => context.say(error.message, { tone: "error" }));
    };
    function draw({ done, state: now }) {
      progress.hidden = now !== "running";
      fill(
        progress,
        h("progress", { class: "hp-progress", max: total, value: done, "aria-label": "Runs done" }),
        h("span", {}, `${done} of ${plural(total, "run")} done`),
        button("Cancel", cancel),
      );
    }
    const { done, state: end } = await series.promise;
    progress.hidden = true;
    const words = {
      finished: `All ${plural(total, "run")} done.`,
      cancelled: `Cancelled after ${done} of ${plural(total, "run")}.`,
      interrupted: `Stopped after ${done} of ${plural(total, "run")}.`,
      refused: `Nothing more was queued after ${done} of ${plural(total, "run")}.`,
      failed: `A run failed after ${done} of ${plural(total, "run")}; the series was ended.`,
    };
    context.say(words[end] ?? `Ended after ${done} of ${plural(total, "run")}.`, {
      tone: end === "finished" || end === "cancelled" ? "info" : "error",
    });
  }

  function drawReference(info) {
    element.dataset.reference = info.state;
    const texts = {
      unknown: null,
      "no start": ["This workflow has no Profiler Start.", button("Add Start and Report", guarded(async () => actions.addNodes()))],
      none: ["No reference yet. Update nodes remembers this workflow, so that changes are noticed before a run."],
      match: ["Same nodes and wires as the reference."],
      changed: [
        h("span", { class: "hp-changed-text", title: changesSentence(info.changes ?? [], 30) }, `Changed: ${changesSentence(info.changes ?? [], 4)}`),
        button("Show", () => actions.showChanges(info.changes ?? []), { title: "Select the changed nodes on the canvas" }),
      ],
    };
    const parts = texts[info.state] ?? null;
    state.hidden = !parts;
    fill(state, parts);
  }

  const unsubscribe = reference.subscribe(drawReference);
  drawReference(reference.info);
  return {
    element,
    dispose: unsubscribe,
  };
}
