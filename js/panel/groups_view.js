// The groups of the open workflow: made, coloured, described, filled from the canvas.
// Runs recorded before an edit are totalled anew by the server.

import * as backend from "../comfy/api.js";
import { canvasGroupList, highlight, nodeList, selectedIds, showNodes } from "../comfy/canvas.js";
import { choose } from "../ui/dialog.js";
import { button, fill, h, icon, iconButton } from "../ui/dom.js";
import { plural } from "../ui/format.js";
import { loading, problem } from "../ui/messages.js";
import { safeColor } from "./run_view.js";

/** Colours that stay apart for colour-blind eyes (Okabe and Ito). */
const PALETTE = ["#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#0072B2", "#D55E00", "#F0E442", "#999999"];

/** Returns `{element, refresh, dispose}`. */
export function createGroupsView(context) {
  let groups = [];
  let workflowId = "";
  const list = h("div", { class: "hp-group-list" }, loading());
  const element = h(
    "section",
    { class: "hp-groups", "aria-label": "Groups" },
    h(
      "div",
      { class: "hp-row hp-wrap" },
      button("New group", () => create("New group", []), { iconName: "plus", class: "hp-primary" }),
      button("From selected nodes", fromSelection, { title: "A group of the nodes selected on the canvas" }),
      button("From canvas group", fromCanvasGroup, { title: "A group of all nodes inside a group box on the canvas" }),
    ),
    list,
  );

  async function refresh() {
    try {
      workflowId = await context.workflowId();
      ({ groups } = await backend.listGroups({ workflow: workflowId }));
      if (!element.contains(document.activeElement) || !document.activeElement.matches(".hp-group input, .hp-group textarea")) draw();
    } catch (error) {
      fill(list, problem(error, refresh));
    }
  }

  function create(name, members, color = PALETTE[groups.length % PALETTE.length]) {
    return context.change(
      () => backend.createGroup({ name, color, members, workflow_id: workflowId || null }),
      refresh,
    );
  }

  function fromSelection() {
    const ids = selectedIds();
    if (!ids.length) {
      context.say("Nothing is selected. Select nodes on the canvas first (Ctrl+drag), then press this again.");
      return;
    }
    create("New group", ids);
  }

  async function pickCanvasGroup() {
    return choose({
      title: "Canvas group",
      lead: "All nodes inside the box become members.",
      entries: canvasGroupList().map((group) => ({
        label: group.title || "Untitled group",
        detail: plural(group.ids.length, "node"),
        value: group,
      })),
      empty: "This workflow has no group boxes. Draw one around nodes first: select them, then Ctrl+G.",
    });
  }

  async function fromCanvasGroup() {
    const group = await pickCanvasGroup();
    if (group) create(group.title || "Canvas group", group.ids, hexColor(group.color) ?? undefined);
  }

  function draw() {
    const nodes = new Map(nodeList().map((node) => [node.id, node]));
    fill(
      list,
      groups.length
        ? groups.map((group) => card(group, nodes))
        : h(
            "div",
            { class: "hp-empty" },
            icon("objects-column"),
            h("p", {}, h("strong", {}, "No groups for this workflow yet.")),
            h("p", {}, "Groups add up the time and memory of several nodes, also in runs that are already recorded. Select nodes on the canvas and press From selected nodes."),
          ),
    );
  }

  function card(group, nodes) {
    const save = (changes) => context.change(() => backend.patchGroup(group.id, changes), refresh);
    const members = (group.members ?? []).map(String);
    return h(
      "article",
      { class: "hp-group", dataset: { groupId: group.id }, style: { "--hp-group": safeColor(group.color) } },
      h(
        "div",
        { class: "hp-row" },
        h("input", {
          type: "color",
          class: "hp-color",
          value: safeColor(group.color),
          "aria-label": "Colour",
          on: { change: (event) => save({ color: event.target.value }) },
        }),
        h("input", {
          class: "hp-input hp-group-name",
          type: "text",
          value: group.name,
          "aria-label": "Name of the group",
          maxLength: 200,
          on: {
            change: (event) => {
              const name = event.target.value.trim();
              if (name) save({ name });
              else event.target.value = group.name;
            },
          },
        }),
        iconButton("trash", "Delete this group", () => remove(group)),
      ),
      h("textarea", {
        class: "hp-input",
        rows: 1,
        placeholder: "What this group is for",
        "aria-label": "Description",
        value: group.description ?? "",
        on: { change: (event) => save({ description: event.target.value }) },
      }),
      h(
        "ul",
        { class: "hp-members" },
        members.map((id) => memberChip(id, nodes.get(id), () => save({ members: members.filter((other) => other !== id) }))),
        members.length ? null : h("li", { class: "hp-muted" }, "No members yet."),
      ),
      h(
        "div",
        { class: "hp-row hp-wrap" },
        button("Add selected nodes", () => {
          const ids = selectedIds();
          if (!ids.length) context.say("Nothing is selected. Select nodes on the canvas first, then press this again.");
          else save({ members: [...new Set([...members, ...ids])] });
        }),
        button("Add canvas group", async () => {
          const chosen = await pickCanvasGroup();
          if (chosen) save({ members: [...new Set([...members, ...chosen.ids])] });
        }),
        members.length ? button("Show", () => showNodes(members), { title: "Select the members on the canvas" }) : null,
      ),
      group.source_node_id
        ? h("p", { class: "hp-muted" }, `Comes from Profiler Group node #${group.source_node_id}; its next run sets these again.`)
        : null,
    );
  }

  async function remove(group) {
    const { id: _id, name, color, description, members, workflow_id } = group;
    await context.change(() => backend.deleteGroup(group.id), () => {
      context.say(`Deleted the group “${group.name}”.`, {
        undo: () => context.change(() => backend.createGroup({ name, color: safeColor(color), description: description ?? "", members, workflow_id }), refresh),
      });
      refresh();
    });
  }

  refresh();
  return {
    element,
    refresh,
    concerns: (what) => what === "group",
    dispose: () => highlight(null),
  };
}

/** One member with its title; hovering shows it on the canvas. */
export function memberChip(id, node, onRemove) {
  return h(
    "li",
    {
      class: `hp-member ${node ? "" : "hp-member-missing"}`,
      title: node ? `${node.type} #${id}` : "The open workflow has no such node",
      on: { mouseenter: () => highlight([id]), mouseleave: () => highlight(null) },
    },
    h("span", { class: "hp-ellipsis" }, node ? node.title : id),
    h("span", { class: "hp-muted" }, node ? `#${id}` : "missing"),
    onRemove
      ? iconButton("times", `Remove ${node?.title ?? id}`, () => {
          highlight(null);
          onRemove();
        })
      : null,
  );
}

/** `#RGB` or `#RRGGBB` as `#RRGGBB`; null for anything else. */
function hexColor(text) {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(text ?? "");
  if (short) return `#${short[1]}${short[1]}${short[2]}${short[2]}${short[3]}${short[3]}`;
  return /^#[0-9a-f]{6}$/i.test(text ?? "") ? text : null;
}
