// Everything that the profiler adds to ComfyUI's page is registered here and nowhere else.

import { createActions } from "./run/actions.js";
import * as backend from "./comfy/api.js";
import { rootGraph, showNodes, workflowId } from "./comfy/canvas.js";
import { GROUP, hasEnabledStart, isProfilerNode, titleOf, walk, widgetValue } from "./comfy/graph.js";
import { installGuard } from "./run/guard.js";
import { askAboutChanges } from "./run/guard_dialog.js";
import { api, app, isMine, onEvent, setting, toast, toggleSidebarTab, workflowName } from "./comfy/app.js";
import { createLive } from "./run/live.js";
import { BADGES_SETTING, createHeatMap } from "./nodes/heat_map.js";
import { dressGroupNode } from "./nodes/group.js";
import { dressReportNode, restoreFromHistory, restoreFromOutputs, showEnded } from "./nodes/report.js";
import { createPanel } from "./panel/panel.js";
import { createWindowOpener } from "./panel/window.js";
import { loadTexts, t } from "./ui/i18n.js";
import { createPreferences } from "./ui/preferences.js";
import { installPromptTap } from "./run/prompt_tap.js";
import { createReference, currentGraph } from "./run/reference.js";
import { createSeries } from "./run/repeat.js";

const TAB = "holaf-profiler";
const PREFIX = "Holaf.Profiler.";
/** An event may be so much ahead of the history. */
const WRITTEN_MS = 1000;
const GUARD_SETTING = "Holaf.Profiler.AskBeforeRun";

/** `[id, label, icon, action]`. */
const COMMANDS = [
  ["RunProfile", "Run profile", "play", ({ actions }) => actions.run()],
  ["UpdateNodes", "Update nodes", "check-square", ({ actions }) => actions.updateNodes()],
  ["RunAllNodes", "Run all nodes again", "refresh", ({ actions }) => actions.runAll()],
  ["ForceRun", "Force run", "bolt", ({ actions }) => actions.force()],
  ["AddNodes", "Profile this workflow", "stopwatch", ({ actions }) => actions.addNodes()],
  ["GroupSelected", "New group from selected nodes", "objects-column", ({ actions }) => actions.addSelectedTo(null)],
  ["TogglePanel", "Show or hide the panel", "stopwatch", () => toggleSidebarTab(TAB)],
];

/** With Alt and Shift. */
const KEYS = { p: "TogglePanel", r: "RunProfile", u: "UpdateNodes", f: "ForceRun", g: "GroupSelected" };

/** Made in setup, when ComfyUI is ready. */
let services = null;

function createServices() {
  const tap = installPromptTap(api, workflowName);
  const reference = createReference();
  const guard = installGuard(app, {
    hasStart: () => hasEnabledStart(rootGraph()),
    isOn: () => setting(GUARD_SETTING, true) !== false,
    check: backend.check,
    updateNodes: async (graph) => {
      await backend.updateNodes(graph);
      reference.refresh();
    },
    ask: (answer, policy) => {
      reference.refresh();
      return askAboutChanges(answer, policy);
    },
    show: (changes) => services.actions.showChanges(changes),
    arm: tap.arm,
    notify: toast,
  });
  const actions = createActions({ guard, reference });
  const series = createSeries({
    backend,
    mayQueue: async () => {
      const wish = (await guard?.ask()) ?? "run";
      return wish === "stop" ? false : { force: wish === "force" };
    },
    plan: async () => ({ ...(await currentGraph()), workflow_name: workflowName(), client_id: api.clientId ?? "" }),
  });
  const prefs = createPreferences((error) =>
    toast("warn", t("Profiler preferences are not saved"), error?.message ?? String(error)),
  );
  const live = createLive();
  const overlay = createHeatMap();
  const parts = { live, series, reference, prefs, actions, overlay };
  const openWindow = createWindowOpener(() => ({ ...parts, place: panel.place }));
  const panel = createPanel(parts, { openWindow });
  return { actions, overlay, panel, reference };
}

const openRun = (id) => {
  services.panel.open(id);
  toggleSidebarTab(TAB, true);
};

const guarded = (action) => async () => {
  try {
    await action(services);
  } catch (error) {
    toast("error", "Workflow Profiler", error?.message ?? String(error));
  }
};

function linkStyles() {
  for (const file of ["ui/ui.css", "panel/panel.css", "nodes/nodes.css", "timeline/timeline.css", "timeline/flame.css"]) {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL(file, import.meta.url).href;
    document.head.append(link);
  }
}

app.registerExtension({
  name: "Holaf.Profiler",

  commands: COMMANDS.map(([id, label, icon, action]) => ({
    id: PREFIX + id,
    label: `Profiler: ${label}`,
    icon: `pi pi-${icon}`,
    function: guarded(action),
  })),
  keybindings: Object.entries(KEYS).map(([key, id]) => ({ commandId: PREFIX + id, combo: { key, alt: true, shift: true } })),
  menuCommands: [{ path: ["Extensions", "Profiler"], commands: COMMANDS.map(([id]) => PREFIX + id) }],
  settings: [
    {
      id: GUARD_SETTING,
      category: ["Profiler", "Runs", "AskBeforeRun"],
      name: "Compare with the reference before a profiled run",
      tooltip: "Asks when the workflow changed since Update nodes. Profiler Start's on_mismatch decides what happens.",
      type: "boolean",
      defaultValue: true,
    },
    {
      id: BADGES_SETTING,
      category: ["Profiler", "Canvas", "Badges"],
      name: "Show the last time on nodes",
      tooltip: "A small label on each node with its time in the last profiled run.",
      type: "boolean",
      defaultValue: false,
      onChange: (on) => {
        if (on) services?.overlay.refresh();
        else services?.overlay.hide();
      },
    },
    {
      id: "Holaf.Profiler.RestoreReport",
      category: ["Profiler", "Canvas", "RestoreReport"],
      name: "Show the last report again after a reload",
      tooltip: "Profiler Report nodes show this workflow's last run when the workflow is opened.",
      type: "boolean",
      defaultValue: true,
    },
  ],

  getSelectionToolboxCommands: () => ["Holaf.Profiler.GroupSelected"],

  getCanvasMenuItems() {
    if (!services) return [];
    return [null, { content: t("Profile this workflow"), callback: guarded(({ actions }) => actions.addNodes()) }];
  },

  getNodeMenuItems(node) {
    if (!services || isProfilerNode(node)) return [];
    const groups = [...walk(rootGraph())].filter((entry) => entry.node.type === GROUP);
    const add = (group) => () => {
      if (![...(app.canvas?.selectedItems ?? [])].includes(node)) showNodes([String(node.id)]);
      services.actions.addSelectedTo(group);
    };
    return [
      null,
      {
        content: t("Add selected to profiler group"),
        has_submenu: true,
        submenu: {
          options: [
            ...groups.map(({ node: group }) => ({
              content: menuText(widgetValue(group, "name", "") || titleOf(group)),
              callback: add(group),
            })),
            { content: t("New group"), callback: add(null) },
          ],
        },
      },
    ];
  },

  nodeCreated(node) {
    dressGroupNode(node);
    dressReportNode(node, openRun);
  },

  onNodeOutputsUpdated(outputs) {
    restoreFromOutputs(outputs);
  },

  afterConfigureGraph() {
    setTimeout(() => {
      restoreFromOutputs(app.nodeOutputs);
      restoreFromHistory(workflowId());
      services?.overlay.refresh();
      services?.reference.refresh();
    }, 0);
  },

  async setup() {
    linkStyles();
    await loadTexts(setting("Comfy.Locale", "en")).catch(() => {}); // English then
    services = createServices();
    onEvent("holaf.profiler.run_finished", (event) => isMine(event) && setTimeout(showEnded, WRITTEN_MS, event));
    app.extensionManager?.registerSidebarTab?.({
      id: TAB,
      icon: "pi pi-stopwatch",
      title: "Profiler",
      tooltip: "Workflow Profiler",
      type: "custom",
      render: (element) => services.panel.mount(element),
      destroy: () => services.panel.unmount(),
    });
  },
});

/** LiteGraph's own menus put an entry's text in as HTML, so nothing of it may be a tag. */
function menuText(text) {
  return String(text).replace(/[<>&]/g, (sign) => ({ "<": "‹", ">": "›", "&": "＆" })[sign]).slice(0, 60);
}
