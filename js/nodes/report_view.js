// What stands on a Profiler Report node: the picture as wide as the node, and below it the nodes in a table.

import { app, toast, viewUrl, vueNodes } from "../comfy/app.js";
import { button, fill, h } from "../ui/dom.js";
import { bytes, dateTime, runLabel, seconds, statusWord } from "../ui/format.js";
import { msg, t } from "../ui/i18n.js";

const ROWS = 10;
const COLUMNS = [
  ["exec_time", msg("Active time"), seconds],
  ["vram_max", msg("VRAM peak"), bytes],
  ["ram_max_bytes", msg("RAM peak"), bytes],
];

/** `openRun(id)` shows a run in the panel. Returns `{element, isEmpty, runId, images, picturesHeight, show, showKept, dispose}`. */
export function createReportView(openRun) {
  let text = "";
  let runId = 0;
  let imageUrl = null;
  const about = h("div", { class: "hp-report-about" });
  const table = h("div", { class: "hp-report-table", tabIndex: 0, role: "region", "aria-label": t("Nodes of the run") });
  const pictures = h("div", { class: "hp-report-pictures" });
  const copy = button(t("Copy"), copyTable, { iconName: "copy", title: t("Copy the table as text") });
  const open = button(t("Details"), () => openRun(runId), { title: t("Open this run in the Profiler panel") });
  const head = h("div", { class: "hp-row hp-report-head" }, about, open, copy);
  const element = h("div", { class: "hp-node hp-report-node" }, head, pictures, table);
  const isOwn = (event) => head.contains(event.target) || table.contains(event.target);
  element.addEventListener("keydown", (event) => event.stopPropagation());
  element.addEventListener("pointerdown", (event) => {
    if (isOwn(event)) event.stopPropagation();
    else if (!vueNodes()) app.canvas.processMouseDown(event); // the picture is the node: its menu, its selection
  });
  element.addEventListener("wheel", (event) => {
    const isScrolling = [element, table.contains(event.target) && table].some((part) => part && part.scrollHeight > part.clientHeight);
    if (isScrolling && !event.ctrlKey) event.stopPropagation();
    else if (!vueNodes()) app.canvas.processMouseWheel(event);
  });

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

  /**
   * `title`: the headline, which the picture says already where there is one. `sources`: addresses of
   * pictures, the run's first. `nodes`: steps, those that took longest first.
   */
  function draw({ title, label = "", status = "", nodes = [], sources = [] }) {
    const isBad = ["failed", "crashed", "interrupted"].includes(status);
    fill(
      about,
      isBad ? h("span", { class: `hp-chip hp-status-${status}` }, statusWord(status)) : null,
      sources.length ? h("span", { class: "hp-muted" }, label) : h("strong", { class: `hp-report-headline ${isBad ? "hp-worse" : ""}` }, title),
    );
    copy.hidden = !text;
    open.hidden = !runId;
    fill(pictures, sources.map((src, index) => h("img", { src, draggable: false, alt: index ? "" : title, on: { load: redraw } })));
    const columns = COLUMNS.filter(([name]) => nodes.some((node) => typeof node[name] === "number"));
    table.hidden = !nodes.length && sources.length > 0; // what there is to say, the picture says
    fill(
      table,
      nodes.length
        ? h(
            "table",
            { class: "hp-table" },
            h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("Node")), columns.map(([, name]) => h("th", { scope: "col", class: "hp-number" }, t(name))))),
            h("tbody", {}, nodes.map((node) => row(node, columns))),
          )
        : h("p", { class: "hp-muted" }, text || t("Run the workflow, and the table appears here.")),
    );
    redraw();
  }

  const redraw = () => app.canvas?.setDirty?.(true, true);

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

  function forget() {
    if (imageUrl) URL.revokeObjectURL(imageUrl);
    imageUrl = null;
  }

  draw({ title: t("No run yet") });
  return {
    element,
    get isEmpty() {
      return !text;
    },
    /** The number of the run that is shown; 0 without one. */
    get runId() {
      return runId;
    },
    get images() {
      return [...pictures.children];
    },
    picturesHeight: (width) =>
      [...pictures.children].reduce((sum, { naturalWidth, naturalHeight }) => sum + (naturalWidth ? (width * naturalHeight) / naturalWidth : 0), 0),
    /** What the server sent with this very run; `files`: its pictures as ComfyUI names them. */
    show(made, files) {
      forget();
      text = String(made.table ?? "");
      runId = made.run_id || 0;
      const label = runId ? runLabel({ id: runId }) : "";
      draw({ title: String(made.headline ?? ""), label, status: made.status, nodes: made.nodes ?? [], sources: files.map((file) => viewUrl(file)) });
    },
    /** A run from the history: `text`: its table; `picture`: a Blob or nothing. */
    showKept({ run, steps, text: table, picture }) {
      forget();
      text = table;
      runId = run.id;
      if (picture) imageUrl = URL.createObjectURL(picture);
      const ranked = steps.filter(({ role }) => role === "node").sort((a, b) => (b.exec_time ?? -1) - (a.exec_time ?? -1)).slice(0, ROWS);
      const [first] = text.split("\n");
      draw({
        title: t("Last run: {headline}", { headline: first.trim() || runLabel(run) }),
        label: t("Last run: {headline}", { headline: `${runLabel({ id: run.id })}, ${dateTime(run.timestamp)}` }),
        status: run.status,
        nodes: ranked,
        sources: imageUrl ? [imageUrl] : [],
      });
    },
    dispose: forget,
  };
}
