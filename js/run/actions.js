// What the panel's buttons, the commands and the menus have in common.

import * as backend from "../comfy/api.js";
import { addGroupNode, addStartAndReport, rootGraph, selectedIds, showNodes } from "../comfy/canvas.js";
import { START, activeNodesOfType, hasEnabledStart, setWidget, widgetValue } from "../comfy/graph.js";
import { app, toast } from "../comfy/app.js";
import { addMembers } from "../nodes/members.js";
import { t, tn } from "../ui/i18n.js";
import { changeName } from "./guard_policy.js";
import { currentGraph } from "./reference.js";

const say = (text, { tone = "info" } = {}) => toast(tone === "error" ? "error" : "info", text);

/** `guard`: see guard.js; null where there is none. */
export function createActions({ guard, reference }) {
  const queue = () => app.queuePrompt(0, 1);

  const hasStart = () => hasEnabledStart(rootGraph());

  /** True where the open workflow can be profiled; says what is missing where not. */
  function needsStart(show = say) {
    if (hasStart()) return true;
    show(t("This workflow has no enabled Profiler Start."), {
      tone: "error",
      label: t("Profile this workflow"),
      action: addNodes,
    });
    return false;
  }

  /** Put Start and Report beside the graph and show them. */
  function addNodes() {
    const added = addStartAndReport();
    if (!added.length) say(t("This workflow has a Profiler Start and a Profiler Report already."));
    else showNodes(added.map((node) => String(node.id)));
    reference.refresh();
  }

  async function updateNodes(show = say) {
    const answer = await backend.updateNodes(await currentGraph());
    show(tn("Reference stored: {n} node.|Reference stored: {n} nodes.", answer.nodes.length));
    reference.refresh();
  }

  /** Select what changed; what was removed can only be named. */
  function showChanges(changes, show = say) {
    const found = showNodes(changes.filter((change) => change.kind !== "removed").map((change) => change.node_id));
    const removed = changes.filter((change) => change.kind === "removed");
    if (removed.length) show(t("Removed since the reference: {nodes}.", { nodes: removed.map(changeName).join(", ") }));
    else if (!found) show(t("The changed nodes are not in the open workflow."));
  }

  function addSelectedTo(node) {
    const ids = selectedIds();
    if (!ids.length) say(t("Nothing is selected. Select nodes on the canvas first."));
    else if (!node) addGroupNode(ids.join("\n"));
    else setWidget(app, node, "members", addMembers(widgetValue(node, "members", ""), ids));
  }

  /** Queue with every node executing, whatever is cached: Start's `cache` is set for this one run. */
  async function runAll(show = say) {
    if (!needsStart(show)) return false;
    const starts = activeNodesOfType(rootGraph(), START).map(({ node }) => node.widgets.find(({ name }) => name === "cache"));
    const before = starts.map((widget) => widget.value);
    for (const widget of starts) if (widget.value === "keep") widget.value = "re-run";
    try {
      return await queue();
    } finally {
      for (const [index, widget] of starts.entries()) widget.value = before[index];
    }
  }

  return {
    hasStart,
    needsStart,
    addNodes,
    updateNodes,
    showChanges,
    addSelectedTo,
    runAll,
    run: async (show = say) => (needsStart(show) ? queue() : false),
    force: async (show = say) => (needsStart(show) ? (guard ? guard.force(queue) : queue()) : false),
  };
}
