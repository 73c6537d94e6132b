// What the panel's buttons, the commands and the menus have in common.

import * as backend from "../comfy/api.js";
import { addGroupNode, addStartAndReport, rootGraph, selectedIds, showNodes } from "../comfy/canvas.js";
import { hasEnabledStart, widgetValue } from "../comfy/graph.js";
import { app, toast } from "../comfy/app.js";
import { addMembers } from "../nodes/members.js";
import { plural } from "../ui/format.js";
import { currentGraph } from "./reference.js";

const say = (text, { tone = "info" } = {}) => toast(tone === "error" ? "error" : "info", text);

export function createActions({ queueing, reference }) {
  const hasStart = () => hasEnabledStart(rootGraph());

  /** True where the open workflow can be profiled; says what is missing where not. */
  function needsStart(tell = say) {
    if (hasStart()) return true;
    tell("This workflow has no enabled Profiler Start. Add one, then run again.", {
      tone: "error",
      label: "Add Start and Report",
      undo: addNodes,
    });
    return false;
  }

  function addNodes() {
    const added = addStartAndReport();
    if (!added.length) say("This workflow has a Profiler Start and a Profiler Report already.");
    else showNodes(added.map((node) => String(node.id)));
    reference.refresh();
  }

  async function updateNodes(tell = say) {
    const answer = await backend.updateNodes(await currentGraph());
    tell(`Reference stored: ${plural(answer.nodes.length, "node")}. Later runs are compared with it.`);
    reference.refresh();
  }

  /** Select what changed; what was removed can only be named. */
  function showChanges(changes, tell = say) {
    const found = showNodes(changes.filter((change) => change.kind !== "removed").map((change) => change.node_id));
    const removed = changes.filter((change) => change.kind === "removed");
    if (removed.length) {
      tell(`Removed since the reference: ${removed.map((change) => `${change.title} #${change.node_id}`).join(", ")}.`);
    } else if (!found) tell("The changed nodes are not in the open workflow.");
  }

  function addSelectedTo(node) {
    const ids = selectedIds();
    if (!ids.length) {
      say("Nothing is selected. Select nodes on the canvas first.");
      return;
    }
    if (!node) {
      addGroupNode(ids.join("\n"), "");
      return;
    }
    const widget = node.widgets?.find(({ name }) => name === "members");
    if (!widget) return;
    setWidget(node, "members", addMembers(widgetValue(node, "members", ""), ids));
  }

  return {
    hasStart,
    needsStart,
    addNodes,
    updateNodes,
    showChanges,
    addSelectedTo,
    run: async (tell = say) => (needsStart(tell) ? queueing.run() : false),
    force: async (tell = say) => (needsStart(tell) ? queueing.force() : false),
  };
}

/** Set a widget as the user would: value, callback, redraw. */
export function setWidget(node, name, value) {
  const widget = node.widgets?.find((candidate) => candidate.name === name);
  if (!widget || widget.value === value) return;
  node.graph?.beforeChange?.(node);
  widget.value = value;
  widget.callback?.(value, app.canvas, node);
  node.graph?.afterChange?.(node);
  app.canvas?.setDirty?.(true, true);
}
