// The Profiler Report node: the table under the picture, in both of ComfyUI's
// renderers, and both brought back after a tab switch and after a reload.

import * as backend from "../comfy/api.js";
import { button, fill, h } from "../ui/dom.js";
import { runLabel } from "../ui/format.js";
import { t } from "../ui/i18n.js";
import { REPORT, walk, widgetValue } from "../comfy/graph.js";
import { rootGraph } from "../comfy/canvas.js";
import { app, setting, toast } from "../comfy/app.js";

const MIN_HEIGHT = 120;
/** With ComfyUI's own picture below it, the table leaves the room to the picture. */
const MAX_HEIGHT_BESIDE_PICTURE = 200;
const FIRST_SIZE = [520, 760];
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
  node.setSize?.([Math.max(node.size[0], FIRST_SIZE[0]), Math.max(node.size[1], FIRST_SIZE[1])]);
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
    run =
      runs.find(({ status }) => status === "success" || status === "partial") ??
      runs.find(({ status }) => status !== "running");
  } catch {
    return; // no history, no picture: the node says what to do
  }
  if (!run) return;
  await Promise.all(empty.map(({ node }) => views.get(node)?.showRun(run, widgetValue(node, "theme", "dark"))));
}

function reports() {
  return [...walk(rootGraph())].filter(({ node }) => node.type === REPORT && views.has(node));
}

function createView(openRun) {
  let table = "";
  let runId = null;
  let imageUrl = null;
  const headline = h("strong", { class: "hp-ellipsis" });
  const pre = h("pre", { class: "hp-table-text", tabIndex: 0, "aria-label": t("Profile as text") });
  const picture = h("div", { class: "hp-restored" });
  const copy = button(t("Copy"), copyTable, { iconName: "copy", title: t("Copy the table as text") });
  const open = button(t("Details"), () => openRun(runId), { title: t("Open this run in the Profiler panel") });
  const element = h(
    "div",
    { class: "hp-node hp-report-node" },
    h("div", { class: "hp-row" }, headline, open, copy),
    picture,
    pre,
  );
  element.addEventListener("pointerdown", (event) => event.stopPropagation());
  element.addEventListener("wheel", (event) => event.stopPropagation(), { passive: true });
  element.addEventListener("keydown", (event) => event.stopPropagation());

  async function copyTable() {
    try {
      await navigator.clipboard.writeText(table);
      toast("success", t("Table copied"));
    } catch {
      // without HTTPS there is no clipboard: select the text, so that Ctrl+C works
      const range = document.createRange();
      range.selectNodeContents(pre);
      const chosen = getSelection();
      chosen.removeAllRanges();
      chosen.addRange(range);
      toast("info", t("Table selected. Press Ctrl+C to copy it."));
    }
  }

  function draw(title) {
    headline.textContent = title;
    headline.title = title;
    pre.textContent = table || t("Run the workflow, and the table appears here.");
    pre.classList.toggle("hp-muted", !table);
    copy.disabled = !table;
    open.hidden = !runId;
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
      return !table;
    },
    /** What the server sent with this very run; its picture shows itself. */
    show(made) {
      if (!made) return;
      clearPicture();
      element.classList.add("hp-beside-picture");
      table = String(made.table ?? "");
      runId = made.run_id || null;
      draw(String(made.headline ?? ""));
    },
    /** A run from the history: table and picture are asked for. */
    async showRun(run, theme) {
      const [text, image] = await Promise.allSettled([
        backend.exportRun(run.id, "txt").then((blob) => blob.text()),
        backend.exportRun(run.id, "png", { theme }),
      ]);
      if (table || text.status !== "fulfilled") return; // a new run was faster, or there is nothing to show
      table = text.value;
      runId = run.id;
      clearPicture();
      if (image.status === "fulfilled") {
        imageUrl = URL.createObjectURL(image.value);
        const ratio = (event) =>
          picture.style.setProperty("--hp-ratio", String(event.target.naturalWidth / event.target.naturalHeight || 1.4));
        fill(picture, h("img", { src: imageUrl, alt: t("Chart of {run}", { run: runLabel(run) }), on: { load: ratio } }));
      }
      draw(t("Last run: {run}", { run: runLabel(run) }));
      app.canvas?.setDirty?.(true, true);
    },
    dispose: clearPicture,
  };
}
