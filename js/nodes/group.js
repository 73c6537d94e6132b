// The Profiler Group node: buttons that fill its members from the canvas, and the
// list of who is in it, with titles, shown on the canvas when the pointer rests on one.

import { canvasGroupList, highlight, nodeList, rootGraph, selectedIds } from "../comfy/canvas.js";
import { choose } from "../ui/dialog.js";
import { button, debounce, fill, h } from "../ui/dom.js";
import { t, tn } from "../ui/i18n.js";
import { GROUP, groupBounds, setWidget, widgetValue } from "../comfy/graph.js";
import { app, toast } from "../comfy/app.js";
import { addMembers, matchMembers, nodeOfMember, parseMembers, removeMember } from "./members.js";
import { memberChip } from "../panel/groups_view.js";
import { safeColor } from "../panel/run_view.js";
import { wrappedRow } from "../ui/widgets.js";

const LIST_HEIGHT = 140;
const FIRST_WIDTH = 330;
const WIDGET = "holaf_members";

/** Dress one node; others pass untouched. */
export function dressGroupNode(node) {
  if (node.comfyClass !== GROUP || typeof node.addDOMWidget !== "function") return;
  const list = h("ul", { class: "hp-members" });
  const color = h("input", {
    type: "color",
    class: "hp-color",
    "aria-label": t("Colour"),
    title: t("Colour"),
    on: { change: () => setWidget(app, node, "color", color.value.toUpperCase()) },
  });
  const element = h(
    "div",
    { class: "hp-node hp-group-node" },
    wrappedRow(
      color,
      button(t("Add selected nodes"), () => addSelected(node)),
      button(t("From canvas group"), () => fromCanvasGroup(node)),
    ),
    list,
  );
  element.addEventListener("pointerdown", (event) => event.stopPropagation());
  element.addEventListener("wheel", (event) => event.stopPropagation(), { passive: true });
  const widget = node.addDOMWidget(WIDGET, "holaf_members", element, {
    serialize: false,
    hideOnZoom: false,
    getMinHeight: () => LIST_HEIGHT,
  });
  widget.serialize = false;

  // A node from a saved workflow gets its own size back after this.
  node.setSize?.([Math.max(node.size[0], FIRST_WIDTH), node.size[1]]);

  const draw = () => {
    color.value = safeColor(widgetValue(node, "color", "")).toLowerCase();
    drawMembers(node, list);
  };
  const soon = debounce(draw, 150);
  for (const name of ["members", "canvas_group", "color"]) {
    const input = node.widgets?.find((candidate) => candidate.name === name);
    if (!input) continue;
    const callback = input.callback;
    input.callback = function (...args) {
      soon();
      return callback?.apply(this, args);
    };
  }
  const onConfigure = node.onConfigure;
  node.onConfigure = function (...args) {
    soon();
    return onConfigure?.apply(this, args);
  };
  const onRemoved = node.onRemoved;
  node.onRemoved = function (...args) {
    soon.cancel();
    highlight(null);
    return onRemoved?.apply(this, args);
  };
  // Titles and boxes change without the node hearing of it: look again when it is looked at.
  element.addEventListener("pointerenter", draw);
  element.addEventListener("pointerleave", () => highlight(null));
  soon();
}

function drawMembers(node, list) {
  if (!node.graph) return;
  const nodes = nodeList();
  const lines = parseMembers(widgetValue(node, "members", ""));
  const boxTitle = String(widgetValue(node, "canvas_group", "") ?? "").trim();
  const box = boxTitle
    ? canvasGroupList().filter((group) => group.title.trim().toLowerCase() === boxTitle.toLowerCase())
    : [];
  const byId = new Map(nodes.map((entry) => [entry.id, entry]));
  const parts = matchMembers(lines, nodes).map(({ line, nodes: matches }) => {
    const remove = () => setWidget(app, node, "members", removeMember(widgetValue(node, "members", ""), line));
    if (matches.length === 1 && nodeOfMember(line.replace(/^#/, ""), matches)) {
      return memberChip(matches[0].id, matches[0], remove);
    }
    return patternChip(line, matches, remove);
  });
  const fromBox = [...new Set(box.flatMap((group) => group.ids))];
  fill(
    list,
    parts,
    boxTitle
      ? h(
          "li",
          { class: "hp-muted hp-member-source" },
          box.length ? tn("Box “{title}”: {n} node|Box “{title}”: {n} nodes", fromBox.length, { title: boxTitle }) : t("No box on the canvas is called “{title}”.", { title: boxTitle }),
        )
      : null,
    fromBox.map((id) => memberChip(id, byId.get(id), null)),
    !parts.length && !boxTitle
      ? h("li", { class: "hp-muted" }, t("No members yet. Select nodes and press Add selected nodes."))
      : null,
  );
}

function patternChip(line, matches, remove) {
  const ids = matches.map(({ id }) => id);
  const chip = memberChip(ids[0] ?? line, matches.length ? { title: line, type: line } : null, remove);
  chip.title = matches.length ? matches.map(({ title, id }) => `${title} #${id}`).join("\n") : t("{line} matches no node", { line });
  chip.children[0].textContent = line;
  chip.children[1].textContent = matches.length ? tn("{n} node|{n} nodes", matches.length) : t("no match");
  chip.addEventListener("mouseenter", () => highlight(ids));
  return chip;
}

function addSelected(node) {
  const ids = selectedIds();
  if (!ids.length) {
    toast("info", t("Nothing is selected. Select nodes on the canvas first, then press this again."));
    return;
  }
  setWidget(app, node, "members", addMembers(widgetValue(node, "members", ""), ids));
}

async function fromCanvasGroup(node) {
  const groups = canvasGroupList().filter((group) => group.title.trim());
  const around = groups.filter(({ group, ids }) => ids.length && contains(group, node));
  const chosen =
    around.length === 1
      ? around[0]
      : await choose({
          title: t("Which group box on the canvas?"),
          lead: t("The nodes inside it when you run become members."),
          entries: groups.map((group) => ({ label: group.title, detail: tn("{n} node|{n} nodes", group.ids.length), value: group })),
          empty: t("There is no group box with a title in this workflow. Select nodes and press Ctrl+G to draw one."),
        });
  if (!chosen) return;
  setWidget(app, node, "canvas_group", chosen.title);
  if (!String(widgetValue(node, "name", "") ?? "").trim()) setWidget(app, node, "name", chosen.title);
}

function contains(group, node) {
  if (!(rootGraph()?.groups ?? []).includes(group)) return false;
  const [left, top, right, bottom] = groupBounds(group);
  const [x, y] = node.pos;
  return x >= left && x <= right && y >= top && y <= bottom;
}
