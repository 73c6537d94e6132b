// The sidebar panel: buttons on top, one view in the middle, the run that goes on and messages below.

import * as backend from "../comfy/api.js";
import { isMine, onEvent, openWorkflow } from "../comfy/app.js";
import { highlight, showNodes, workflowId } from "../comfy/canvas.js";
import { button, debounce, fill, h, iconButton, keepPresses } from "../ui/dom.js";
import { runLabel } from "../ui/format.js";
import { language, t } from "../ui/i18n.js";
import { attempt, createSnack, loading } from "../ui/widgets.js";
import { createActionBar } from "./action_bar.js";
import { createCompareView } from "./compare_view.js";
import { createGroupsView } from "./groups_view.js";
import { createHistoryView } from "./history_view.js";
import { createLiveView } from "./live_view.js";
import { createRunView } from "./run_view.js";
import { createRunsView } from "./runs_view.js";
import { createStatisticsView } from "./statistics_view.js";

const WRITTEN_MS = 1000;
/** An edit's answer and the server's event about it ask for one redraw, not two. */
const TOGETHER_MS = 60;

const TABS = ["runs", "groups", "statistics"];
const VIEWS = {
  runs: (context) => createRunsView(context),
  run: (context, { id }) => createRunView(context, id),
  history: (context, place) => createHistoryView(context, place),
  compare: (context, { ids }) => createCompareView(context, ids),
  groups: (context) => createGroupsView(context),
  statistics: (context) => createStatisticsView(context),
};

/**
 * `services`: `{live, series, reference, prefs, actions, overlay}`; `place`: where to begin; `openWindow()`
 * shows the panel as a window, where it is not one. Returns `{mount, unmount, place, open(runId)}`; what the
 * user was looking at survives closing and opening the tab.
 */
export function createPanel({ live, series, reference, prefs, actions, overlay }, { place: first = { name: "runs" }, openWindow = null } = {}) {
  const selection = new Set();
  const kept = {}; // what views want to find again when one comes back to them
  let place = first;
  let trail = [];
  let mounted = null;

  function mount(host) {
    unmount();
    const snack = createSnack();
    const main = h("main", { class: "hp-view" });
    const tabs = h("nav", { class: "hp-tabs", "aria-label": t("Profiler views") });
    let view = null;
    const refresh = debounce(() => view?.refresh?.(), TOGETHER_MS);
    const context = {
      prefs,
      series,
      reference,
      selection,
      kept,
      overlay,
      say: snack.say,
      workflowId,
      change,
      deleteRuns,
      openRunWorkflow,
      forRun,
      actions: {
        ...actions,
        needsStart: () => actions.needsStart(snack.say),
        run: () => actions.run(snack.say),
        runAll: () => actions.runAll(snack.say),
        force: () => actions.force(snack.say),
        updateNodes: () => actions.updateNodes(snack.say),
        showChanges: (changes) => actions.showChanges(changes, snack.say),
        open: (id) => go({ name: "run", id }),
        history: (runId, workflow) => go({ name: "history", runId, workflow }),
        compare: (ids) => go({ name: "compare", ids }),
        runs: () => go({ name: "runs" }),
        back,
      },
    };

    function go(next) {
      if (TABS.includes(next.name)) trail = [];
      else if (JSON.stringify(next) !== JSON.stringify(place)) trail.push({ place, scroll: main.scrollTop });
      show(next);
    }

    /** To where one came from, as it was scrolled. */
    async function back() {
      const before = trail.pop() ?? { place: { name: "runs" }, scroll: 0 };
      show(before.place);
      const shown = view;
      await shown.ready;
      if (view === shown) main.scrollTop = before.scroll;
    }

    function show(next) {
      place = next;
      if (next.name === "run" && live.state.last?.run_id === next.id) live.dismiss(); // its view says it all
      view?.dispose?.();
      highlight(null);
      view = VIEWS[next.name](context, next);
      fill(main, view.element);
      main.scrollTop = 0;
      drawTabs();
    }

    function drawTabs() {
      const tab = (name, label) =>
        button(label, () => go({ name }), {
          class: "hp-tab",
          "aria-current": (TABS.includes(place.name) ? place.name : "runs") === name ? "page" : undefined,
        });
      fill(tabs, tab("runs", t("Runs")), tab("groups", t("Groups")), tab("statistics", t("Statistics")),
        openWindow ? iconButton("external-link", t("Own window"), openWindow, { class: "hp-own-window" }) : null,
      );
    }

    /** Do something on the server, then redraw; on failure say why. True where it succeeded. */
    async function change(action) {
      try {
        await action();
      } catch (error) {
        snack.say(error?.message ?? String(error), { tone: "error" });
        return false;
      }
      refresh();
      return true;
    }

    async function deleteRuns(runs) {
      const isDone = await change(() => Promise.all(runs.map(({ id }) => backend.deleteRun(id))));
      if (!isDone) return false;
      for (const { id } of runs) selection.delete(id);
      snack.say(runs.length === 1 ? t("Deleted {run}.", { run: runLabel(runs[0]) }) : t("Deleted {n} runs.", { n: runs.length }), {
        action: () => change(() => Promise.all(runs.map(({ id }) => backend.restoreRun(id)))),
      });
      return true;
    }

    function openRunWorkflow(runId) {
      return attempt(snack, async () => {
        const { workflow } = await backend.getRunWorkflow(runId);
        if (workflow) await openWorkflow(workflow, `run ${runId}`);
        else snack.say(t("This run was queued through the API, so only its API format was kept, not the graph."));
      });
    }

    /** The context of a view about `run`: its nodes are shown on the canvas only where its workflow is open. */
    function forRun(run) {
      const isOpen = () => !run.workflow_id || String(run.workflow_id) === workflowId();
      return {
        ...context,
        isOpen,
        highlight: (ids) => highlight(isOpen() ? ids : null),
        /** Select nodes of the run on the canvas; where that cannot be, say why. */
        showNode(...ids) {
          if (!isOpen()) {
            const workflow = run.workflow_name || run.name || `#${run.id}`;
            snack.say(t("This node belongs to the workflow “{workflow}”, which is not the open one.", { workflow }), {
              label: t("Open it"),
              action: () => openRunWorkflow(run.id),
            });
          } else if (!showNodes(ids)) snack.say(t("The open workflow has no node #{id}.", { id: ids[0] }));
        },
      };
    }

    const bar = createActionBar(context);
    const liveView = createLiveView({ live, actions: context.actions });
    const root = h("div", { class: "hp-panel", lang: language() }, bar.element, tabs, main, liveView.element, snack.element);
    const isShown = (runId) => ["runs", "history"].includes(place.name) || (place.name === "run" && place.id === runId);
    const stops = [
      onEvent("holaf.profiler.run_started", (event) => isMine(event) && place.name === "runs" && refresh()),
      onEvent("holaf.profiler.run_finished", (event) => {
        if (!isMine(event)) return;
        if (isShown(event.run_id)) refresh();
        // the event may be a moment ahead of the history
        setTimeout(() => mounted && isShown(event.run_id) && refresh(), WRITTEN_MS);
        reference.refresh();
      }),
      onEvent("holaf.profiler.changed", (event) => {
        if (!isMine(event)) return;
        if (event.what === "reference") reference.refresh();
        else if (event.what === "repeat") series.refresh();
        else if (event.what === "settings") prefs.load({ again: true });
        else if (view?.concerns?.(event.what, event.id) ?? true) refresh();
      }),
      onEvent("reconnected", () => {
        refresh();
        live.refresh();
        series.refresh();
      }),
    ];

    mounted = {
      go,
      dispose() {
        for (const stop of stops) stop();
        refresh.cancel();
        view?.dispose?.();
        bar.dispose();
        liveView.dispose();
        snack.dispose();
        root.remove();
      },
    };
    keepPresses(root);
    fill(host, root);
    live.refresh();
    fill(main, loading());
    drawTabs();
    prefs.load().then(() => {
      if (!mounted || !root.isConnected) return;
      bar.refresh();
      if (!view) show(place); // who was faster has chosen a view already
    });
  }

  function unmount() {
    mounted?.dispose();
    mounted = null;
  }

  return {
    mount,
    unmount,
    get place() {
      return place;
    },
    /** Show a run, now or when the panel is opened. */
    open(runId) {
      if (mounted) mounted.go({ name: "run", id: runId });
      else place = { name: "run", id: runId };
    },
  };
}
