// One run: what it was, what to try, its chart, its groups, its steps.

import * as backend from "../comfy/api.js";
import { button, fill, h, iconButton } from "../ui/dom.js";
import { openWorkflow } from "../comfy/app.js";
import { bytes, dateTime, joules, plural, runLabel, seconds, share } from "../ui/format.js";
import { createAdviceView } from "./advice_view.js";
import { createChartView } from "./chart_view.js";
import { editInline } from "../ui/inline_edit.js";
import { loading, problem } from "../ui/messages.js";
import { statusChips } from "./runs_view.js";
import { createStepsTable } from "./steps_table.js";

const FORMATS = [
  ["png", "Picture (png)"],
  ["txt", "Text table (txt)"],
  ["md", "Markdown (md)"],
  ["csv", "Spreadsheet (csv)"],
  ["json", "Everything (json)"],
  ["html", "Web page (html)"],
  ["trace", "Perfetto trace"],
];

/** Returns `{element, refresh, dispose}`. */
export function createRunView(context, runId) {
  const element = h("section", { class: "hp-run", "aria-label": "Run" }, loading());
  let advice = null;
  let chart = null;
  let steps = null;
  let groupsArea = null;
  let head = null;
  let data = null;

  /** The run with its steps and group totals; each group with the members it has now. */
  async function ask() {
    const answer = await backend.getRun(runId);
    if (!answer.groups?.length) return answer;
    const { groups } = await backend.listGroups({ workflow: answer.run.workflow_id });
    const members = new Map(groups.map((group) => [group.id, group.members]));
    return { ...answer, groups: answer.groups.map((total) => ({ ...total, members: members.get(total.group_id) ?? [] })) };
  }

  async function load() {
    try {
      data = await ask();
    } catch (error) {
      fill(
        element,
        problem(error.status === 404 ? new Error("This run is not in the history any more.") : error, error.status === 404 ? null : load),
        button("Back to the runs", context.actions.back),
      );
      return;
    }
    dispose();
    advice = createAdviceView({ context, ...data });
    chart = createChartView({ context, run: data.run });
    steps = createStepsTable({ context, ...data });
    groupsArea = h("div", { class: "hp-stack" });
    head = h("div", { class: "hp-stack" });
    drawHead();
    drawGroups();
    fill(element, head, advice.element, chart.element, groupsArea, h("h3", {}, "Nodes"), steps.element);
  }

  function dispose() {
    advice?.dispose();
    chart?.dispose();
  }

  /** Another tab, or this one, changed something: keep what the user is at. */
  async function refresh({ redraw = false } = {}) {
    if (!head) return load();
    try {
      data = await ask();
    } catch (error) {
      if (error.status === 404) return load();
      return undefined; // the server is away; the next event tries again
    }
    if (!head.contains(document.activeElement) || !document.activeElement.matches("input, textarea")) drawHead();
    drawGroups();
    advice.update(data);
    steps.update(data);
    if (redraw) chart.refresh();
    return undefined;
  }

  const patch = (changes) => context.change(() => backend.patchRun(runId, changes), () => refresh());

  function drawHead() {
    const { run } = data;
    const title = h("h2", { class: "hp-run-title" }, runLabel(run));
    const workflow = run.workflow_id || run.workflow_hash;
    fill(
      head,
      h(
        "div",
        { class: "hp-row" },
        iconButton("arrow-left", "Back", context.actions.back),
        title,
        iconButton(run.pinned ? "star-fill" : "star", run.pinned ? "Unpin" : "Pin as baseline", () => patch({ pinned: !run.pinned })),
        iconButton("pencil", "Rename", () =>
          editInline(title, { value: run.name ?? "", label: "Name of the run", save: (name) => patch({ name }) }),
        ),
        iconButton("trash", "Delete", () => context.deleteRun(run, context.actions.back)),
      ),
      h("p", { class: "hp-muted" }, statusChips(run), ` ${dateTime(run.timestamp)} · run ${run.id}`),
      run.error_message
        ? h("p", { class: "hp-warning" }, `${run.error_type ?? "Error"}${run.error_node_id ? ` in node #${run.error_node_id}` : ""}: ${run.error_message}`)
        : null,
      (run.warnings ?? []).map((warning) => h("p", { class: "hp-warning" }, String(warning))),
      figures(run),
      changesOf(run),
      commentBox(run),
      h(
        "div",
        { class: "hp-row hp-wrap" },
        button("Open workflow", open, { iconName: "folder-open", title: "Open the workflow this run was made with in a new tab" }),
        workflow
          ? button("History", () => context.actions.history(run.id, workflow), {
              iconName: "chart-line",
              title: "All runs of this workflow: do they get slower, and what does each node usually take",
            })
          : null,
        exportMenu(run),
      ),
    );
  }

  function figures(run) {
    const entries = [
      ["Time", seconds(run.total_time)],
      ["VRAM peak", bytes(run.vram_max)],
      ["RAM peak", bytes(run.ram_max_bytes)],
      ["Nodes", run.cached_count ? `${run.node_count} (${run.cached_count} cached)` : String(run.node_count ?? "n/a")],
      ...(typeof run.energy_joules === "number" ? [["Energy", joules(run.energy_joules)]] : []),
    ];
    return h(
      "div",
      { class: "hp-figures" },
      entries.map(([label, value]) =>
        h("div", { class: "hp-figure" }, h("span", { class: "hp-muted" }, label), h("strong", {}, value)),
      ),
    );
  }

  function changesOf(run) {
    const changes = run.changes ?? [];
    if (!changes.length) return null;
    return h(
      "details",
      { class: "hp-fold" },
      h("summary", {}, `${run.forced ? "Forced: " : ""}${plural(changes.length, "change")} against the reference`),
      h("ul", {}, changes.map((change) => h("li", {}, String(change.detail || `${change.kind}: ${change.title} #${change.node_id}`)))),
    );
  }

  function commentBox(run) {
    return h("textarea", {
      class: "hp-input hp-comment-box",
      rows: 2,
      placeholder: "Comment on this run: what was tried, what was found",
      "aria-label": "Comment on this run",
      value: run.global_comment ?? "",
      on: {
        change: (event) => patch({ global_comment: event.target.value }),
        keydown: (event) => event.stopPropagation(),
      },
    });
  }

  function exportMenu(run) {
    return h(
      "select",
      {
        class: "hp-input",
        "aria-label": "Save as",
        on: {
          change: async (event) => {
            const format = event.target.value;
            event.target.value = "";
            if (format) await download(run, format);
          },
        },
      },
      h("option", { value: "", selected: true }, "Save as…"),
      FORMATS.map(([format, label]) => h("option", { value: format }, label)),
    );
  }

  async function download(run, format) {
    try {
      const blob = await backend.exportRun(run.id, format);
      const url = URL.createObjectURL(blob);
      const extension = format === "trace" ? "trace.json" : format;
      h("a", { href: url, download: `profile_${run.id}.${extension}` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    } catch (error) {
      context.say(error.message, { tone: "error" });
    }
  }

  async function open() {
    try {
      const { workflow } = await backend.getRunWorkflow(runId);
      if (!workflow) {
        context.say("This run was queued through the API, so only its API format was kept, not the graph.");
        return;
      }
      await openWorkflow(workflow, `run ${runId}`);
    } catch (error) {
      context.say(error.message, { tone: "error" });
    }
  }

  function drawGroups() {
    if (!data.groups?.length) {
      fill(groupsArea);
      return;
    }
    const columns = ["Group", "Time", "Share", "VRAM peak", "Nodes"];
    fill(
      groupsArea,
      h("h3", {}, "Groups"),
      h(
        "div",
        { class: "hp-scroll-x" },
        h(
          "table",
          { class: "hp-table hp-groups-table" },
          h("thead", {}, h("tr", {}, columns.map((label, index) => h("th", { scope: "col", class: `${index ? "hp-number" : ""} ${index === 4 ? "hp-roomy" : ""}` }, label)))),
          h(
            "tbody",
            {},
            data.groups.map((group) =>
              h(
                "tr",
                {},
                h("td", {}, h("span", { class: "hp-swatch", style: { background: safeColor(group.color) } }), group.name),
                h("td", { class: "hp-number" }, seconds(group.exec_time)),
                h("td", { class: "hp-number" }, share(group.share)),
                h("td", { class: "hp-number" }, bytes(group.vram_max)),
                h("td", { class: "hp-number hp-roomy" }, String(group.step_count ?? group.node_count ?? "")),
              ),
            ),
          ),
        ),
      ),
    );
  }

  load();
  return {
    element,
    refresh,
    concerns: (what, id) => what === "group" || (what === "run" && String(id) === String(runId)),
    dispose,
  };
}

/** A colour that is one, for use in a style: `#RRGGBB`, else grey. */
export const safeColor = (color) => (/^#[0-9a-f]{6}$/i.test(color ?? "") ? color : "#888888");
