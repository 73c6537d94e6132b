// One run, answer first: what it comes to and how that compares, its timeline, its nodes; then groups,
// what to try, and what one does with a run.

import * as backend from "../comfy/api.js";
import { createTimeline } from "../timeline/timeline.js";
import { button, fill, h, iconButton, select } from "../ui/dom.js";
import { bytes, count, dateTime, joules, runLabel, seconds, share, unbroken } from "../ui/format.js";
import { t, tn } from "../ui/i18n.js";
import { editInline, figures, fold, loading, number, problem, sideBySide, table, wrappedRow } from "../ui/widgets.js";
import { createAdviceView } from "./advice_view.js";
import { reportTools } from "./bundle.js";
import { FORMATS, copyMarkdown, download, openWindow } from "./export.js";
import { createInsideView } from "./inside_view.js";
import { statusChips } from "./runs_table.js";
import { createStepsTable } from "./steps_table.js";
import { eventList, storyText, thumbnails } from "./story.js";
import { tagEditor } from "./tags.js";

const HIGHLIGHT_MS = 1500;
/** So long a run waits for all of its parts, then it is drawn without those that are late. */
const TOGETHER_MS = 400;
const TONES = { faster: "hp-better", slower: "hp-worse" };

/** Returns `{element, ready, refresh, concerns, dispose}`. */
export function createRunView(context, runId) {
  const element = h("section", { class: "hp-run", "aria-label": t("Run") }, loading());
  const head = h("div", { class: "hp-stack" });
  const plot = h("div", { class: "hp-stack" }, loading(t("Drawing")));
  const facts = h("div", { class: "hp-stack" });
  const groupsArea = h("div", { class: "hp-stack" });
  const foot = h("div", { class: "hp-stack" });
  let here = null;
  let advice = null;
  let steps = null;
  let timeline = null;
  let inside = null;
  let data = null;
  const canvasChoice = h("span", { style: { display: "contents" } });
  let drawing = null; // what `GET runs/{id}/timeline` gave

  async function load() {
    const asked = askTimeline();
    try {
      data = await backend.getRun(runId);
    } catch (error) {
      const isGone = error.status === 404;
      fill(
        element,
        problem(isGone ? new Error(t("This run is not in the history any more.")) : error, isGone ? null : load),
        button(t("Back to the runs"), context.actions.runs),
      );
      return;
    }
    dispose();
    here = context.forRun(data.run);
    advice = createAdviceView({ context: here, ...data });
    steps = createStepsTable({ context: here, ...data, onChoose: (id) => timeline?.select(id) });
    inside = createInsideView({ context, ...data });
    drawHead();
    drawFacts();
    drawGroups();
    drawFoot();
    // What comes later would push away what one is about to press: most of it is drawn at once.
    await Promise.race([Promise.all([asked, advice.ready, inside.ready]), new Promise((resolve) => setTimeout(resolve, TOGETHER_MS))]);
    fill(element, head, plot, facts, h("h3", {}, t("Nodes")), steps.element, inside.element, groupsArea, advice.element, foot);
    await drawTimeline(asked);
  }

  /** The drawing, or the error in its place. */
  const askTimeline = () => backend.getTimeline(runId).catch((error) => error);

  function dispose() {
    advice?.dispose();
    timeline?.dispose();
    timeline = null;
    inside?.dispose();
    context.overlay.release(runId);
  }

  /** Another tab, or this one, changed something: keep what the user is at. */
  async function refresh() {
    if (!here) return load();
    const before = data.run.status;
    try {
      data = await backend.getRun(runId);
    } catch (error) {
      if (error.status === 404) return load();
      return undefined; // the server is away; the next event tries again
    }
    drawEnds();
    drawGroups();
    advice.update(data);
    steps.update(data);
    if (before !== data.run.status) drawTimeline();
    return undefined;
  }

  async function drawTimeline(asked = askTimeline()) {
    if (data.run.status === "running") return fill(plot, h("p", { class: "hp-muted" }, t("The timeline is drawn when the run is over.")));
    const found = await asked;
    if (found instanceof Error) return fill(plot, found.status === 404 ? null : problem(found, () => drawTimeline()));
    if (!plot.isConnected) return undefined;
    drawing = found;
    timeline?.dispose();
    const holder = h("div", {});
    fill(plot, holder);
    timeline = createTimeline(holder, drawing.timeline, { onSelect: showStep });
    steps.setSubgraphs(drawing.timeline.subgraphs);
    // Not the foot as a whole: a press on one of its buttons must find the button still there.
    drawAnswer();
    drawCanvasChoice();
    return undefined;
  }

  /** What stands around the nodes anew, but for a part that the user is typing in. */
  function drawEnds() {
    drawAnswer();
    if (!isTyping(foot)) drawFoot();
  }

  function drawAnswer() {
    if (!isTyping(head)) drawHead();
    drawFacts();
  }

  const isTyping = (area) => area.contains(document.activeElement) && document.activeElement.matches("input, textarea");

  /** How the run compares with the pinned run or the one before; null without one. */
  const compared = () => (drawing?.against.text ? drawing.against : null);

  /** A bar was chosen: its row with its details, and for a moment its node on the canvas. */
  function showStep(id) {
    steps.open(id);
    here.highlight([id]);
    setTimeout(() => here.highlight(null), HIGHLIGHT_MS);
  }

  const withChanges = () => data.steps.map((step) => ({ ...step, change: compared().changes[step.node_id] ?? null }));

  const patch = (changes) => context.change(() => backend.patchRun(runId, changes));

  function drawHead() {
    const { run } = data;
    const title = h("h2", { class: "hp-run-title" }, runLabel(run));
    fill(
      head,
      sideBySide(
        iconButton("arrow-left", t("Back"), context.actions.back),
        title,
        iconButton(run.pinned ? "star-fill" : "star", run.pinned ? t("Unpin") : t("Pin as baseline"), () => patch({ pinned: !run.pinned })),
        iconButton("pencil", t("Rename"), () =>
          editInline(title, { value: run.name ?? "", label: t("Name of the run"), save: (name) => patch({ name }) }),
        ),
        iconButton("trash", t("Delete"), async () => (await context.deleteRuns([run])) && context.actions.back()),
      ),
      drawing?.headline ? h("p", { class: "hp-headline" }, unbroken(drawing.headline)) : null,
      compared()
        ? h("p", { class: `hp-verdict ${TONES[compared().verdict] ?? ""}` }, unbroken(compared().text), " ", button(t("Compare"), () => context.actions.compare(compared().run_ids)))
        : null,
      drawing?.detail ? h("p", { class: "hp-muted" }, unbroken(drawing.detail)) : null,
      h("p", { class: "hp-muted" }, statusChips(run), ` ${dateTime(run.timestamp)} · ${t("run {id}", { id: run.id })}`),
      run.error_message
        ? h(
            "p",
            { class: "hp-warning" },
            `${run.error_type ?? t("Error")}${run.error_node_id ? ` ${t("in node #{id}", { id: run.error_node_id })}` : ""}: ${run.error_message}`,
          )
        : null,
    );
  }

  function drawFacts() {
    const { run } = data;
    fill(
      facts,
      figures(figuresOf(run)),
      (run.warnings ?? []).map((warning) => h("p", { class: "hp-warning" }, String(warning))),
      storyText(run) ? h("p", { class: "hp-muted hp-story" }, storyText(run)) : null,
      eventList(here, run),
      changesOf(run),
    );
  }

  function figuresOf(run) {
    const nodes = run.cached_count ? t("{n} ({cached} cached)", { n: count(run.node_count), cached: count(run.cached_count) }) : count(run.node_count);
    return [
      [t("Time"), run.total_time, seconds],
      [t("VRAM peak"), run.vram_max, bytes],
      [t("RAM peak"), run.ram_max_bytes, bytes],
      [t("Nodes"), run.node_count, () => nodes],
      [t("Energy"), run.energy_joules, joules],
    ];
  }

  function changesOf(run) {
    const changes = run.changes ?? [];
    if (!changes.length) return null;
    const summary = tn("{n} change against the reference|{n} changes against the reference", changes.length);
    return fold(
      run.forced ? `${t("forced")}: ${summary}` : summary,
      h("ul", {}, changes.map((change) => h("li", {}, String(change.detail || `${change.kind}: ${change.title} #${change.node_id}`)))),
    );
  }

  function drawCanvasChoice() {
    fill(
      canvasChoice,
      select(
        [
          ["", t("Show on the canvas")],
          ["exec_time", t("Active time")],
          ["vram_max", t("VRAM peak")],
          ["ram_max_bytes", t("RAM peak")],
          ...(compared() ? [["change", t("Change of time")]] : []),
        ],
        context.overlay.metricOf(runId),
        (metric) => {
          if (!metric) context.overlay.hide();
          else if (!here.isOpen()) here.showNode("");
          else context.overlay.show(metric === "change" ? withChanges() : data.steps, metric, runId);
        },
        { "aria-label": t("Show on the canvas"), title: t("Tint the nodes by what they took in this run") },
      ),
    );
  }

  function drawFoot() {
    const { run } = data;
    const workflow = run.workflow_id || run.workflow_hash;
    drawCanvasChoice();
    fill(
      foot,
      h("textarea", {
        class: "hp-input hp-comment-box",
        rows: 2,
        placeholder: t("Comment on this run: what was tried, what was found"),
        "aria-label": t("Comment on this run"),
        value: run.global_comment ?? "",
        on: {
          change: (event) => patch({ global_comment: event.target.value }),
          keydown: (event) => event.stopPropagation(),
        },
      }),
      tagEditor(context, run),
      wrappedRow(
        canvasChoice,
        workflow
          ? button(t("History"), () => context.actions.history(run.id, workflow), {
              iconName: "chart-line",
              title: t("All runs of this workflow: do they get slower, and what does each node usually take"),
            })
          : null,
        button(t("Open workflow"), () => context.openRunWorkflow(run.id), {
          iconName: "folder-open",
          title: t("Open the workflow this run was made with in a new tab"),
        }),
        button(t("Own window"), () => openWindow(context, run.id), { iconName: "external-link", title: t("Timeline and tables of this run in a window of their own") }),
        button(t("Copy as Markdown"), () => copyMarkdown(context, run), { iconName: "copy" }),
        select([["", t("Save as…")], ...FORMATS()], "", async (format) => {
          await download(context, run, format);
          drawFoot();
        }, { "aria-label": t("Save as") }),
      ),
      reportTools(context, run),
      thumbnails(run),
    );
  }

  function drawGroups() {
    const groups = data.groups ?? [];
    const columns = [
      [t("Time"), "exec_time", seconds],
      [t("Share"), "share", share],
      [t("VRAM peak"), "vram_max", bytes],
      [t("RAM peak"), "ram_max_bytes", bytes],
      [t("Nodes"), "step_count", count],
    ].filter(([, name]) => groups.some((group) => typeof group[name] === "number"));
    fill(
      groupsArea,
      groups.length
        ? [
            h("h3", {}, t("Groups")),
            table(
              [[t("Group")], ...columns.map(([label]) => [label])],
              groups.map((group) =>
                h(
                  "tr",
                  {},
                  h("td", {}, h("span", { class: "hp-swatch", style: { background: safeColor(group.color) } }), group.name),
                  columns.map(([, name, format]) => number(format(group[name]))),
                ),
              ),
              "hp-groups-table",
            ),
          ]
        : null,
    );
  }

  return {
    ready: load(),
    element,
    refresh,
    concerns: (what, id) => what === "group" || (what === "run" && String(id) === String(runId)),
    dispose,
  };
}

/** A colour that is one, for use in a style: `#RRGGBB`, else grey. */
export const safeColor = (color) => (/^#[0-9a-f]{6}$/i.test(color ?? "") ? color : "#888888");
