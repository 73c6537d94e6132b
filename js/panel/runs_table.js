// The rows of the history: ticked with shift for a range, opened by a click, walked with the arrow keys.

import * as backend from "../comfy/api.js";
import { append, fill, h, icon, iconButton } from "../ui/dom.js";
import { ago, bytes, dateTime, runLabel, seconds, share, signed, statusWord } from "../ui/format.js";
import { t } from "../ui/i18n.js";
import { editInline } from "../ui/widgets.js";
import { nextSort, sorts } from "./runs_query.js";
import { median } from "../run/live_model.js";

const ROW_HEIGHT_PX = 30;
const KEYS = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

/** `sort()`, `setSort(sort)`, `setTag(tag)`, `nameOf(run)`, `onTick()`, `pin(run)`: see runs_view.js. Returns `{element, draw, whole}`. */
export function createRunsTable(context, { sort, setSort, setTag, nameOf, onTick, pin }) {
  const { actions, selection } = context;
  const element = h("div", { class: "hp-list" });
  let runs = [];
  let baselines = new Map();
  let reached = 0; // the row that the Tab key comes to
  let lastTicked = null;
  let isWaiting = false;
  let whole = Promise.resolve(); // when the rows out of sight are there too
  element.addEventListener("focusout", () => setTimeout(() => isWaiting && draw(runs, baselines)));

  function draw(fresh, freshBaselines) {
    runs = fresh;
    baselines = freshBaselines;
    isWaiting = element.contains(document.activeElement) && document.activeElement.matches("input[type=text]");
    if (isWaiting) return; // somebody is typing a name: the table waits
    const focused = document.activeElement?.closest?.("tr[data-run-id]")?.dataset.runId;
    reached = Math.max(0, runs.findIndex((run) => String(run.id) === focused));
    fill(
      element,
      runs.length
        ? h("table", { class: "hp-table hp-runs-table" }, head(), body())
        : null,
    );
    if (focused !== undefined && element.isConnected) rows()[reached]?.focus({ preventScroll: true });
  }

  /** The rows; where nobody has scrolled, those out of sight come after the others are painted. */
  function body() {
    const view = element.closest(".hp-view");
    const inSight = Math.ceil(view ? view.clientHeight / ROW_HEIGHT_PX : 0);
    const first = view?.scrollTop === 0 && reached < inSight ? inSight : runs.length;
    const made = h("tbody", { on: { keydown: pressed } }, runs.slice(0, first).map(row));
    const shown = runs;
    whole = new Promise((resolve) => {
      const rest = () => {
        if (shown === runs) append(made, shown.slice(first).map((run, index) => row(run, first + index)));
        resolve();
      };
      if (first >= runs.length) resolve();
      else requestAnimationFrame(() => setTimeout(rest, 0));
    });
    return made;
  }

  /** A column that would say n/a in every row is left out. */
  function isShown(name) {
    if (name === "change") return baselines.size > 0;
    if (name === "workflow_name") return runs.some((run) => nameOf(run));
    return !["vram_max", "ram_max_bytes"].includes(name) || runs.some((run) => typeof run[name] === "number");
  }

  const rows = () => [...element.querySelectorAll("tbody tr")];

  function head() {
    const cells = sorts().filter(([name]) => isShown(name)).map(([name, label]) => {
      const isActive = sort().replace(/^-/, "") === name;
      const isDescending = sort().startsWith("-");
      return h(
        "th",
        { scope: "col", class: `hp-col-${name}`, "aria-sort": isActive ? (isDescending ? "descending" : "ascending") : "none" },
        h(
          "button",
          { type: "button", class: "hp-sort", on: { click: () => setSort(nextSort(sort(), name)) } },
          label,
          isActive ? icon(isDescending ? "sort-down-fill" : "sort-up-fill") : null,
        ),
      );
    });
    const plain = (name, label) => h("th", { scope: "col", class: `hp-col-${name}` }, label);
    const hidden = (name, label) => plain(name, h("span", { class: "hp-sr" }, label));
    if (isShown("change")) cells.splice(isShown("workflow_name") ? 5 : 4, 0, plain("change", t("Change")));
    return h("thead", {}, h("tr", {}, hidden("pick", t("Select")), cells, hidden("tools", t("Actions"))));
  }

  function tick(index, isOn, isRange) {
    const from = isRange && lastTicked !== null ? Math.min(lastTicked, index) : index;
    const to = isRange && lastTicked !== null ? Math.max(lastTicked, index) : index;
    for (let at = from; at <= to; at += 1) {
      if (isOn) selection.add(runs[at].id);
      else selection.delete(runs[at].id);
      rows()[at].querySelector("input[type=checkbox]").checked = isOn;
    }
    lastTicked = index;
    onTick();
  }

  function pressed(event) {
    const index = rows().indexOf(event.target);
    if (index < 0) return;
    const run = runs[index];
    const act = {
      Enter: () => actions.open(run.id),
      " ": () => tick(index, !selection.has(run.id), event.shiftKey),
      Delete: () => context.deleteRuns([run]),
      F2: () => event.target.querySelector("[data-act=rename]").click(),
    }[event.key];
    if (event.key in KEYS) reach(Math.min(runs.length - 1, Math.max(0, index + KEYS[event.key])));
    else if (!act) return;
    else act();
    event.preventDefault();
    event.stopPropagation();
  }

  function reach(index) {
    const all = rows();
    all[reached]?.setAttribute("tabindex", -1);
    reached = index;
    all[index].setAttribute("tabindex", 0);
    all[index].focus();
  }

  function row(run, index) {
    const label = runLabel({ ...run, workflow_name: "" }); // it has a column of its own
    const name = h("span", { class: "hp-link hp-ellipsis", title: label }, label);
    const nameCell = h(
      "td",
      { class: "hp-col-name" },
      h("div", { class: "hp-name-line" }, run.pinned ? h("i", { class: "pi pi-star-fill hp-pinned", title: t("Baseline") }) : null, name, nameOf(run) ? h("span", { class: "hp-muted hp-ellipsis hp-narrow-only" }, nameOf(run)) : null),
      run.tags?.length ? h("div", { class: "hp-tags" }, run.tags.map((tag) => tagChip(tag))) : null,
      run.global_comment ? h("div", { class: "hp-muted hp-ellipsis", title: run.global_comment }, run.global_comment) : null,
    );
    const tool = (iconName, text, act, extra = {}) => iconButton(iconName, text, act, { tabIndex: -1, ...extra });
    return h(
      "tr",
      {
        dataset: { runId: run.id },
        tabIndex: index === reached ? 0 : -1,
        "aria-label": [label, dateTime(run.timestamp), statusWord(run.status), seconds(run.total_time)].join(", "),
        on: { click: (event) => event.target.closest("button, input, label") || actions.open(run.id) },
      },
      h(
        "td",
        { class: "hp-col-pick" },
        h("input", {
          type: "checkbox",
          tabIndex: -1,
          checked: selection.has(run.id),
          "aria-label": t("Select {run}", { run: label }),
          on: { click: (event) => tick(index, event.target.checked, event.shiftKey) },
        }),
      ),
      nameCell,
      isShown("workflow_name") ? h("td", { class: "hp-col-workflow_name hp-ellipsis", title: nameOf(run) }, nameOf(run)) : null,
      h("td", { class: "hp-col-timestamp", title: dateTime(run.timestamp) }, ago(run.timestamp)),
      h("td", { class: "hp-col-status" }, statusChips(run)),
      h("td", { class: "hp-col-total_time hp-number" }, isShown("change") ? change(run, "span", "hp-narrow-only") : null, " ", seconds(run.total_time)),
      isShown("change") ? change(run, "td", "hp-col-change hp-number") : null,
      ["vram_max", "ram_max_bytes"].filter(isShown).map((metric) => h("td", { class: `hp-col-${metric} hp-number` }, bytes(run[metric]))),
      h(
        "td",
        { class: "hp-col-tools" },
        tool(run.pinned ? "star-fill" : "star", run.pinned ? t("Unpin") : t("Pin as baseline"), () => pin(run)),
        tool("pencil", t("Rename"), () =>
          editInline(name, {
            value: run.name ?? "",
            label: t("Name of the run"),
            save: (value) => context.change(() => backend.patchRun(run.id, { name: value })),
          }), { "data-act": "rename" }),
        tool("comment", t("Comment"), () =>
          editInline(nameCell, {
            value: run.global_comment ?? "",
            label: t("Comment on the run"),
            append: true,
            save: (value) => context.change(() => backend.patchRun(run.id, { global_comment: value })),
          })),
        tool("trash", t("Delete"), () => context.deleteRuns([run])),
      ),
    );
  }

  const tagChip = (tag) =>
    h("button", { type: "button", class: "hp-chip hp-tag", tabIndex: -1, title: t("Show the runs tagged {tag}", { tag }), on: { click: () => setTag(tag) } }, tag);

  /** Against the median of this workflow's pinned runs. */
  function change(run, tag, name) {
    const baseline = median(baselines.get(run.workflow_id || run.workflow_hash) ?? []);
    const isKnown = baseline && typeof run.total_time === "number" && !run.pinned;
    const ratio = isKnown ? run.total_time / baseline - 1 : 0;
    const tone = Math.abs(ratio) < 0.03 ? "" : ratio > 0 ? "hp-worse" : "hp-better";
    return h(
      tag,
      { class: `${name} ${tone}`, title: isKnown ? t("Against the baseline's {time}", { time: seconds(baseline) }) : "" },
      isKnown ? signed(ratio, share) : null,
    );
  }

  return {
    element,
    draw,
    get whole() {
      return whole;
    },
  };
}

/** The run's status and what else is worth knowing at a glance. */
export function statusChips(run) {
  return [
    h("span", { class: `hp-chip hp-status-${run.status}` }, statusWord(run.status)),
    run.forced ? h("span", { class: "hp-chip hp-forced", title: t("Run by force although the workflow had changed") }, t("forced")) : null,
    run.snapshot_match === "mismatch" && !run.forced
      ? h("span", { class: "hp-chip hp-mismatch", title: t("The workflow no longer matched its reference") }, t("changed"))
      : null,
    run.contention ? h("i", { class: "pi pi-exclamation-triangle", role: "img", title: contentionText(run.contention), "aria-label": contentionText(run.contention) }) : null,
  ];
}

/** What a run got less of than it asked for, in words. */
function contentionText(kinds) {
  const words = {
    cpu: t("Other programs kept the machine busy"),
    "gpu shared": t("Other programs used the GPU"),
    "gpu slowed": t("The GPU was slowed down, for heat or its power supply"),
  };
  return kinds.split(", ").map((kind) => words[kind] ?? kind).join(" · ");
}
