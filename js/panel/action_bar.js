// The buttons above everything: run, update nodes, force, run x N; and how the workflow stands to its reference.

import { button, fill, h } from "../ui/dom.js";
import { t } from "../ui/i18n.js";
import { changesSentence } from "../run/guard_policy.js";
import { createRepeatBar } from "./repeat_bar.js";

/** Returns `{element, refresh, dispose}`. */
export function createActionBar(context) {
  const { actions, reference } = context;
  const state = h("div", { class: "hp-reference", role: "status" });
  const repeat = createRepeatBar(context, guarded);
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
    repeat.buttons,
  );
  const element = h("div", { class: "hp-action-bar" }, buttons, repeat.element, state);

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

  const stop = reference.subscribe(drawReference);
  drawReference(reference.info);
  return {
    element,
    /** The preferences have come in. */
    refresh: repeat.refresh,
    dispose() {
      stop();
      repeat.dispose();
    },
  };
}
