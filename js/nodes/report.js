// The Profiler Report node: headline, the nodes in a table and the picture, in both of ComfyUI's
// renderers, brought back in the same shape after a tab switch and after a reload.

import * as backend from "../comfy/api.js";
import { app, setting, theme, toast, vueNodes } from "../comfy/app.js";
import { rootGraph } from "../comfy/canvas.js";
import { REPORT, walk, widgetValue } from "../comfy/graph.js";
import { button, fill, h } from "../ui/dom.js";
import { bytes, runLabel, seconds, statusWord } from "../ui/format.js";
import { msg, t } from "../ui/i18n.js";

const MIN_HEIGHT = 120;
/** With ComfyUI's own picture below it, the table leaves the room to the picture. */
const MAX_HEIGHT_BESIDE_PICTURE = 230;
/** So high that the picture below the table is as wide as the node. */
const FIRST_SIZE = { legacy: [520, 960], vue: [520, 1050] };
const COLUMNS = [
  ["exec_time", msg("Active time"), seconds],
  ["vram_max", msg("VRAM peak"), bytes],
  ["ram_max_bytes", msg("RAM peak"), bytes],
];
const views = new WeakMap();

/** Dress one node; others pass untouched. `openRun(id)` shows a run in the panel. */
export function dressReportNode(node, openRun) {
  if (node.comfyClass !== REPORT || typeof node.addDOMWidget !== "function") return;
  const view = createView(openRun);
  views.set(node, view);
  const widget = node.addDOMWidget("holaf_report", "holaf_report", view.element, {
    serialize: false,
    hideOnZoom: false,
    getMinHeight: () => MIN_HEIGHT,
    getMaxHeight: () => (node.imgs?.length ? MAX_HEIGHT_BESIDE_PICTURE : undefined),
  });
  widget.serialize = false;
  // A node from a saved workflow gets its own size back after this.
  const [width, height] = vueNodes() ? FIRST_SIZE.vue : FIRST_SIZE.legacy;
  node.setSize?.([Math.max(node.size[0], width), Math.max(node.size[1], height)]);
  const onExecuted = node.onExecuted;
  node.onExecuted = function (output, ...rest) {
    const result = onExecuted?.call(this, output, ...rest);
    view.show(output?.holaf_profiler?.[0]);
    return result;
  };
  const onRemoved = node.onRemoved;
  node.onRemoved = function (...args) {
    view.dispose();
    return onRemoved?.apply(this, args);
  };
}

/** After a tab switch ComfyUI brings back what nodes put out; show it again. */
export function restoreFromOutputs(outputs) {
  for (const { node, id } of reports()) {
    const made = (outputs?.[id] ?? outputs?.[node.id])?.holaf_profiler?.[0];
    if (made) views.get(node)?.show(made);
  }
}

/** After a reload nothing is left on the page: show this workflow's last run from the history. */
export async function restoreFromHistory(workflowId) {
  const empty = reports().filter(({ node }) => views.get(node)?.isEmpty);
  if (!workflowId || !empty.length || setting("Holaf.Profiler.RestoreReport", true) === false) return;
  let run;
  try {
    const { runs } = await backend.listRuns({ workflow: workflowId, limit: 5, sort: "-timestamp" });
    run = runs.find(({ status }) => status !== "running");
  } catch {
    return; // no history, no picture: the node says what to do
  }
  if (!run) return;
  await Promise.all(empty.map(({ node }) => views.get(node)?.showRun(run, widgetValue(node, "theme", "auto"))));
}

function reports() {
  return [...walk(rootGraph())].filter(({ node }) => node.type === REPORT && views.has(node));
}

function createView(openRun) {
  let text = "";
  let runId = null;
  let imageUrl = null;
  const headline = h("strong", { class: "hp-report-headline" });
  const table = h("div", { class: "hp-report-table", tabIndex: 0, role: "region", "aria-label": t("Nodes of the run") });
  const picture = h("div", { class: "hp-restored" });
  const copy = button(t("Copy"), copyTable, { iconName: "copy", title: t("Copy the table as text") });
  const open = button(t("Details"), () => openRun(runId), { title: t("Open this run in the Profiler panel") });
  const element = h(
    "div",
    { class: "hp-node hp-report-node" },
    h("div", { class: "hp-row hp-report-head" }, headline, open, copy),
    table,
    picture,
  );
  element.addEventListener("pointerdown", (event) => event.stopPropagation());
  element.addEventListener("wheel", (event) => event.stopPropagation(), { passive: true });
  element.addEventListener("keydown", (event) => event.stopPropagation());

  async function copyTable() {
    try {
      await navigator.clipboard.writeText(text);
      toast("success", t("Table copied"));
    } catch {
      // without HTTPS there is no clipboard: select the table, so that Ctrl+C works
      const range = document.createRange();
      range.selectNodeContents(table);
      const chosen = getSelection();
      chosen.removeAllRanges();
      chosen.addRange(range);
      toast("info", t("Table selected. Press Ctrl+C to copy it."));
    }
  }

  /** `nodes`: steps, those that took longest first; without any the text is shown. */
  function draw(title, nodes = [], status = "") {
    headline.textContent = title;
    headline.title = title;
    headline.classList.toggle("hp-worse", ["failed", "crashed", "interrupted"].includes(status));
    copy.hidden = !text;
    open.hidden = !runId;
    const columns = COLUMNS.filter(([name]) => nodes.some((node) => typeof node[name] === "number"));
    fill(
      table,
      nodes.length
        ? h(
            "table",
            { class: "hp-table" },
            h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("Node")), columns.map(([, label]) => h("th", { scope: "col", class: "hp-number" }, t(label))))),
            h("tbody", {}, nodes.map((node) => row(node, columns))),
          )
        : h("p", { class: "hp-muted" }, text || t("Run the workflow, and the table appears here.")),
    );
  }

  function row(node, columns) {
    const hasTime = typeof node.exec_time === "number" && node.status !== "cached";
    return h(
      "tr",
      { class: `hp-step-${node.status}` },
      h("td", { class: "hp-report-name", title: `${node.node_type} #${node.node_id}` }, node.node_title || node.node_type, h("span", { class: "hp-muted" }, ` #${node.node_id}`)),
      columns.map(([name, , format]) =>
        h("td", { class: "hp-number" }, name === "exec_time" && (!hasTime || node.status === "error") ? statusWord(node.status) : format(node[name])),
      ),
    );
  }

  function clearPicture() {
    fill(picture);
    if (imageUrl) URL.revokeObjectURL(imageUrl);
    imageUrl = null;
  }

  draw(t("No run yet"));
  return {
    element,
    get isEmpty() {
      return !text;
    },
    /** What the server sent with this very run; its picture shows itself. */
    show(made) {
      if (!made) return;
      clearPicture();
      text = String(made.table ?? "");
      runId = made.run_id || null;
      draw(String(made.headline ?? ""), made.nodes ?? [], made.status);
    },
    /** A run from the history: its nodes and its picture are asked for. */
    async showRun(run, wantedTheme) {
      const [details, table, image] = await Promise.allSettled([
        backend.getRun(run.id),
        backend.exportRun(run.id, "txt").then((blob) => blob.text()),
        backend.exportRun(run.id, "png", { theme: wantedTheme === "auto" ? theme() : wantedTheme }),
      ]);
      if (text || table.status !== "fulfilled") return; // a new run was faster, or there is nothing to show
      text = table.value;
      runId = run.id;
      clearPicture();
      if (image.status === "fulfilled") {
        imageUrl = URL.createObjectURL(image.value);
        const ratio = (event) =>
          picture.style.setProperty("--hp-ratio", String(event.target.naturalWidth / event.target.naturalHeight || 1.4));
        fill(picture, h("img", { src: imageUrl, alt: t("Chart of {run}", { run: runLabel(run) }), on: { load: ratio } }));
      }
      const steps = details.status === "fulfilled" ? details.value.steps.filter(({ role }) => role === "node") : [];
      const ranked = steps.sort((a, b) => (b.exec_time ?? -1) - (a.exec_time ?? -1)).slice(0, 10);
      const [first] = text.split("\n");
      draw(t("Last run: {headline}", { headline: first.trim() || runLabel(run) }), ranked, run.status);
      app.canvas?.setDirty?.(true, true);
    },
    dispose: clearPicture,
  };
}
