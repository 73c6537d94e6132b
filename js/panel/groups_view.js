// The groups of the open workflow: made, coloured, described, filled from the canvas.
// Runs recorded before an edit are totalled anew by the server.

import * as backend from "../comfy/api.js";
import { app, onEvent } from "../comfy/app.js";
import { matchMembers, nodeOfMember, parseMembers } from "../nodes/members.js";
import { canvasGroupList, highlight, nodeList, rootGraph, selectedIds, showNodes } from "../comfy/canvas.js";
import { GROUP, setWidget, walk, widgetValue } from "../comfy/graph.js";
import { choose } from "../ui/dialog.js";
import { button, debounce, fill, h, icon, iconButton } from "../ui/dom.js";
import { seconds, share } from "../ui/format.js";
import { t, tn } from "../ui/i18n.js";
import { loading, problem, sideBySide, sparkline, wrappedRow } from "../ui/widgets.js";
import { safeColor } from "./run_view.js";

/** Colours that stay apart for colour-blind eyes (Okabe and Ito). */
const PALETTE = ["#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#0072B2", "#D55E00", "#F0E442", "#999999"];

const TOTALS_OVER = 10;
const NAMED_TOTALS = 4;
const SETTLE_MS = 500;

/** Returns `{element, refresh, concerns, dispose}`. */
export function createGroupsView(context) {
  let groups = [];
  let workflowId = "";
  const list = h("div", { class: "hp-group-list" }, loading());
  const element = h(
    "section",
    { class: "hp-groups", "aria-label": t("Groups") },
    wrappedRow(
      button(t("New group"), () => create(t("New group"), []), { iconName: "plus", class: "hp-primary" }),
      button(t("From selected nodes"), fromSelection, { title: t("A group of the nodes selected on the canvas") }),
      button(t("From canvas group"), fromCanvasGroup, { title: t("A group of all nodes inside a group box on the canvas") }),
    ),
    list,
  );

  async function refresh() {
    try {
      workflowId = context.workflowId();
      ({ groups } = await backend.listGroups({ workflow: workflowId }));
      if (!element.contains(document.activeElement) || !document.activeElement.matches(".hp-group input, .hp-group textarea")) draw();
    } catch (error) {
      fill(list, problem(error, refresh));
    }
  }

  /** The colour that the fewest groups have. */
  function freeColor() {
    const uses = (color) => groups.filter((group) => safeColor(group.color).toUpperCase() === color.toUpperCase()).length;
    return [...PALETTE].sort((a, b) => uses(a) - uses(b))[0];
  }

  function create(name, members, color = freeColor()) {
    return context.change(() => backend.createGroup({ name, color, members, workflow_id: workflowId || null }));
  }

  function fromSelection() {
    const ids = selectedIds();
    if (!ids.length) {
      context.say(t("Nothing is selected. Select nodes on the canvas first, then press this again."));
      return;
    }
    create(t("New group"), ids);
  }

  async function pickCanvasGroup() {
    return choose({
      title: t("Canvas group"),
      lead: t("All nodes inside the box become members."),
      entries: canvasGroupList().map((group) => ({
        label: group.title || t("Untitled group"),
        detail: tn("{n} node|{n} nodes", group.ids.length),
        value: group,
      })),
      empty: t("This workflow has no group boxes. Draw one around nodes first: select them, then Ctrl+G."),
    });
  }

  async function fromCanvasGroup() {
    const group = await pickCanvasGroup();
    if (group) create(group.title || t("Canvas group"), group.ids, hexColor(group.color) ?? undefined);
  }

  function draw() {
    const nodes = nodeList();
    showTotals();
    fill(
      list,
      groups.length
        ? groups.map((group) => card(asOnNode(group, nodes), nodes))
        : h(
            "div",
            { class: "hp-empty" },
            icon("objects-column"),
            h("p", {}, h("strong", {}, t("No groups for this workflow yet."))),
            h("p", {}, t("Groups add up the time and memory of several nodes, also in runs that are already recorded. Select nodes on the canvas and press From selected nodes.")),
          ),
    );
  }

  function card(group, nodes) {
    const save = async (changes) => {
      if (await context.change(() => backend.patchGroup(group.id, changes))) writeToNode(group, changes);
    };
    const members = (group.members ?? []).map(String);
    return h(
      "article",
      { class: "hp-group", dataset: { groupId: group.id }, style: { "--hp-group": safeColor(group.color) } },
      sideBySide(
        h("input", {
          type: "color",
          class: "hp-color",
          value: safeColor(group.color),
          "aria-label": t("Colour"),
          on: { change: (event) => save({ color: event.target.value }) },
        }),
        h("input", {
          class: "hp-input hp-group-name",
          type: "text",
          value: group.name,
          "aria-label": t("Name of the group"),
          maxLength: 200,
          on: {
            change: (event) => {
              const name = event.target.value.trim();
              if (name) save({ name });
              else event.target.value = group.name;
            },
          },
        }),
        iconButton("trash", t("Delete this group"), () => remove(group)),
      ),
      h("div", { class: "hp-muted", dataset: { totals: group.id } }),
      h("textarea", {
        class: "hp-input",
        rows: 1,
        placeholder: t("What this group is for"),
        "aria-label": t("Description"),
        value: group.description ?? "",
        on: { change: (event) => save({ description: event.target.value }) },
      }),
      h(
        "ul",
        { class: "hp-members" },
        members.map((id) => memberChip(id, nodeOfMember(id, nodes), () => save({ members: members.filter((other) => other !== id) }))),
        members.length ? null : h("li", { class: "hp-muted" }, t("No members yet.")),
      ),
      wrappedRow(
        button(t("Add selected nodes"), () => {
          const ids = selectedIds();
          if (!ids.length) context.say(t("Nothing is selected. Select nodes on the canvas first, then press this again."));
          else save({ members: [...new Set([...members, ...ids])] });
        }),
        button(t("Add canvas group"), async () => {
          const chosen = await pickCanvasGroup();
          if (chosen) save({ members: [...new Set([...members, ...chosen.ids])] });
        }),
        members.length ? button(t("Show"), () => showNodes(members.map((id) => nodeOfMember(id, nodes)?.id ?? id)), { title: t("Select the members on the canvas") }) : null,
      ),
      group.source_node_id
        ? h("p", { class: "hp-muted" }, t("Kept in Profiler Group node #{id}: an edit here changes the node.", { id: group.source_node_id }))
        : null,
    );
  }

  /** The Group node on the canvas that made a group; undefined where there is none. */
  function nodeOf(group) {
    if (!group.source_node_id) return undefined;
    const entry = [...walk(rootGraph())].find(({ id, node }) => id === String(group.source_node_id) && node.type === GROUP);
    return entry?.node;
  }

  /** A group as its Group node says it now, which may be newer than the last run. */
  function asOnNode(group, nodes) {
    const node = nodeOf(group);
    if (!node) return group;
    const lines = parseMembers(widgetValue(node, "members", ""));
    const box = String(widgetValue(node, "canvas_group", "") ?? "").trim().toLowerCase();
    const drawn = box ? canvasGroupList().filter(({ title }) => title.trim().toLowerCase() === box).flatMap(({ ids }) => ids) : [];
    const named = matchMembers(lines, nodes).flatMap(({ nodes: found }) => found.map(({ id }) => id));
    const values = Object.fromEntries(["name", "color", "description"].map((name) => [name, widgetValue(node, name, group[name])]));
    return { ...group, ...values, name: values.name || group.name, members: [...new Set([...drawn, ...named])] };
  }

  /** A group that a Group node made is kept in that node too: both are always the same. */
  function writeToNode(group, changes) {
    const node = nodeOf(group);
    if (!node) return;
    const values = { ...changes, ...(changes.members ? { members: changes.members.join("\n"), canvas_group: "" } : {}) };
    for (const [name, value] of Object.entries(values)) setWidget(app, node, name, value);
  }

  /** What the groups came to in the newest runs. */
  async function showTotals() {
    const { runs } = workflowId ? await backend.listRuns({ workflow: workflowId, limit: TOTALS_OVER, sort: "-timestamp" }).catch(() => ({ runs: [] })) : { runs: [] };
    const found = (await Promise.all(runs.map(({ id }) => backend.getRun(id).catch(() => null)))).filter(Boolean);
    for (const line of list.querySelectorAll("[data-totals]")) {
      const totals = found.map(({ groups: each }) => each.find((total) => String(total.group_id) === line.dataset.totals)).filter((total) => typeof total?.exec_time === "number");
      if (!totals.length) {
        line.textContent = t("Not in a run yet.");
        continue;
      }
      const [newest, ...before] = totals;
      fill(
        line,
        t("Last run {time}{share}; before: {earlier}", {
          time: seconds(newest.exec_time),
          share: typeof newest.share === "number" ? ` (${share(newest.share)})` : "",
          earlier: before.slice(0, NAMED_TOTALS).map((total) => seconds(total.exec_time)).join(", ") || "–",
        }),
        before.length ? sparkline(totals.map((total) => total.exec_time).reverse()) : null,
      );
    }
  }

  async function remove(group) {
    const { id: _id, name, color, description, members, workflow_id } = group;
    if (!(await context.change(() => backend.deleteGroup(group.id)))) return;
    context.say(t("Deleted the group “{name}”.", { name: group.name }), {
      action: () => context.change(() => backend.createGroup({ name, color: safeColor(color), description: description ?? "", members, workflow_id })),
    });
  }

  // the canvas may change what a group's node, its box or its members are
  const soon = debounce(refresh, SETTLE_MS);
  const stop = onEvent("graphChanged", soon);
  refresh();
  return {
    element,
    refresh,
    concerns: (what) => what === "group",
    dispose() {
      stop();
      soon.cancel();
      highlight(null);
    },
  };
}

/** One member with its title; hovering shows it on the canvas. */
export function memberChip(id, node, onRemove) {
  return h(
    "li",
    {
      class: `hp-member ${node ? "" : "hp-member-missing"}`,
      title: node ? `${node.type} #${id}` : t("The open workflow has no such node"),
      on: { mouseenter: () => highlight([node?.id ?? id]), mouseleave: () => highlight(null) },
    },
    h("span", { class: "hp-ellipsis" }, node ? node.title : id),
    h("span", { class: "hp-muted" }, node ? `#${id}` : t("missing")),
    onRemove
      ? iconButton("times", t("Remove {name}", { name: node?.title ?? id }), () => {
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
