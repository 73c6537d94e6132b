// The sidebar panel: buttons and live view on top, one view below, messages at the end.

import * as backend from "../comfy/api.js";
import { button, fill, h } from "../ui/dom.js";
import { app, isMine, onEvent } from "../comfy/app.js";
import { runLabel } from "../ui/format.js";
import { createActionBar } from "./action_bar.js";
import { createCompareView } from "./compare_view.js";
import { createGroupsView } from "./groups_view.js";
import { createHistoryView } from "./history_view.js";
import { createLiveView } from "./live_view.js";
import { createRunView } from "./run_view.js";
import { createRunsView } from "./runs_view.js";
import { createSnack } from "../ui/snack.js";

const WRITTEN_MS = 1000;

const VIEWS = {
  runs: (context) => createRunsView(context),
  run: (context, { id }) => createRunView(context, id),
  history: (context, place) => createHistoryView(context, place),
  compare: (context, { ids }) => createCompareView(context, ids),
  groups: (context) => createGroupsView(context),
};

/**
 * `services`: `{live, queueing, reference, prefs, actions}`. Returns `{mount, unmount,
 * open(runId)}`; what the user was looking at survives closing and opening the tab.
 */
export function createPanel({ live, queueing, reference, prefs, actions }) {
  const selection = new Set();
  let place = { name: "runs" };
  let mounted = null;

  function mount(host) {
    unmount();
    const snack = createSnack();
    const main = h("main", { class: "hp-view" });
    const tabs = h("nav", { class: "hp-tabs", "aria-label": "Profiler views" });
    const context = {
      prefs,
      queueing,
      reference,
      selection,
      say: snack.say,
      workflowId,
      change,
      deleteRun,
      actions: {
        ...actions,
        needsStart: () => actions.needsStart(snack.say),
        run: () => actions.run(snack.say),
        force: () => actions.force(snack.say),
        addNodes: () => actions.addNodes(),
        updateNodes: () => actions.updateNodes(snack.say),
        showChanges: (changes) => actions.showChanges(changes, snack.say),
        open: (id) => go({ name: "run", id }),
        history: (runId, workflow) => go({ name: "history", runId, workflow }),
        compare: (ids) => go({ name: "compare", ids }),
        back: () => go({ name: "runs" }),
      },
    };
    let view = null;

    function go(next) {
      place = next;
      view?.dispose?.();
      view = VIEWS[next.name](context, next);
      fill(main, view.element);
      main.scrollTop = 0;
      drawTabs();
    }

    function drawTabs() {
      const tab = (name, label) =>
        button(label, () => go({ name }), {
          class: "hp-tab",
          "aria-current": place.name === name || (name === "runs" && ["run", "history", "compare"].includes(place.name)) ? "page" : undefined,
        });
      fill(tabs, tab("runs", "Runs"), tab("groups", "Groups"));
    }

    /** Do something on the server; on success `after`, on failure say why. */
    async function change(action, after) {
      try {
        await action();
      } catch (error) {
        snack.say(error?.message ?? String(error), { tone: "error" });
        return false;
      }
      after?.();
      return true;
    }

    function deleteRun(run, after) {
      return change(
        () => backend.deleteRun(run.id),
        () => {
          selection.delete(run.id);
          snack.say(`Deleted ${runLabel(run)}.`, {
            undo: () => change(() => backend.restoreRun(run.id), () => view?.refresh?.()),
          });
          after?.();
        },
      );
    }

    const bar = createActionBar(context);
    const liveView = createLiveView({ live, actions: context.actions });
    const root = h("div", { class: "hp-panel" }, bar.element, liveView.element, tabs, main, snack.element);
    const refresh = () => view?.refresh?.();
    const stops = [
      onEvent("holaf.profiler.run_started", (event) => isMine(event) && place.name === "runs" && refresh()),
      onEvent("holaf.profiler.run_finished", (event) => {
        if (!isMine(event)) return;
        const shown = () => ["runs", "history"].includes(place.name) || (place.name === "run" && place.id === event.run_id);
        if (shown()) refresh();
        // the event may be a moment ahead of the history
        setTimeout(() => mounted && shown() && refresh(), WRITTEN_MS);
        reference.refresh();
      }),
      onEvent("holaf.profiler.changed", (event) => {
        if (!isMine(event)) return;
        if (event.what === "reference") reference.refresh();
        else if (event.what === "settings") prefs.load({ again: true });
        else if (place.name === "runs" ? event.what !== "group" : (view?.concerns?.(event.what, event.id) ?? true)) refresh();
      }),
      onEvent("reconnected", () => {
        refresh();
        live.refresh();
      }),
    ];

    mounted = {
      go,
      dispose() {
        for (const stop of stops) stop();
        view?.dispose?.();
        bar.dispose();
        liveView.dispose();
        snack.dispose();
        root.remove();
      },
    };
    fill(host, root);
    live.refresh();
    prefs.load().then(() => mounted && root.isConnected && go(place));
    go(place);
  }

  function unmount() {
    mounted?.dispose();
    mounted = null;
  }

  return {
    mount,
    unmount,
    /** Show a run, now or when the panel is opened. */
    open(runId) {
      place = { name: "run", id: runId };
      mounted?.go(place);
    },
  };
}

/** The identity of the open workflow, as runs are stored under it. */
async function workflowId() {
  const id = app.rootGraph?.id ?? app.graph?.id;
  return id ? String(id) : "";
}
