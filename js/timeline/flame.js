// The flame view: what nodes were doing inside, as an icicle on a canvas. The panel and the html export use
// this very module. It needs its data and an element, and nothing of ComfyUI.

import { fill, h } from "../ui/dom.js";
import { seconds, share } from "../ui/format.js";
import { t } from "../ui/i18n.js";
import { callees, flameOf, frameAt, labelOf, neighbour, ownerColor, search } from "./flame_layout.js";
import { ROW_PX, flameColors, paintFlame } from "./flame_paint.js";

const MOST_PX = 520;
const DRAG_PX = 4;

/**
 * Draw `stacks` (of `GET runs/{id}/inside`) into `element`. `titles`: node id -> title; `groups`: name ->
 * [node id], offered beside the nodes. Returns `{show(nodeId), draw, frames, dispose}`.
 */
export function createFlame(element, stacks, { titles = {}, groups = {} } = {}) {
  const canvas = h("canvas", {
    class: "hp-flame-canvas",
    tabIndex: 0,
    role: "img",
    "aria-label": t("Functions inside nodes. Arrow keys go from call to call, Enter zooms in, Escape zooms out."),
  });
  const context = canvas.getContext("2d");
  const spacer = h("div", { class: "hp-flame-spacer" }, canvas);
  const scroller = h("div", { class: "hp-flame-scroll" }, spacer);
  const readout = h("p", { class: "hp-flame-readout", role: "status" });
  const legend = h("p", { class: "hp-flame-legend" });
  const finder = h("input", {
    class: "hp-input",
    type: "search",
    placeholder: t("Find a function"),
    "aria-label": t("Find a function"),
    on: { input: find, keydown: (event) => event.stopPropagation() },
  });
  const scope = h("select", { class: "hp-input", "aria-label": t("Nodes"), on: { change: build } });
  const folding = h("input", { type: "checkbox", checked: true, on: { change: build } });
  const threading = h("input", { type: "checkbox", on: { change: build } });
  const whole = h("button", { type: "button", class: "hp-button", on: { click: () => zoomTo(-1) } }, t("Show all"));
  const hasThreads = stacks.trees.some((tree) => tree.thread);
  element.classList.add("hp-flame");
  fill(
    element,
    h(
      "div",
      { class: "hp-row" },
      scope,
      finder,
      h("label", { class: "hp-flame-check", title: t("Leave out functions that only call others") }, folding, t("fold wrappers")),
      hasThreads ? h("label", { class: "hp-flame-check" }, threading, t("worker threads")) : null,
      whole,
    ),
    scroller,
    readout,
    legend,
  );

  let flame = null;
  let view = [0, 1];
  let size = { width: 0, height: 0 };
  let colors = flameColors("");
  let matches = new Set();
  let selected = -1;
  let hover = -1;
  let pending = null;
  let drag = null;
  const soon = () => {
    pending ??= requestAnimationFrame(draw);
  };
  const stop = () => {
    if (pending !== null) cancelAnimationFrame(pending);
    pending = null;
  };
  build();
  fillScope();

  function fillScope() {
    const nodes = callees(flame, -1).map((root) => ({ ...labelOf(flame, flame.label[root]), time: flame.total[root] }));
    const sampled = new Set(nodes.map(({ nodeId }) => nodeId));
    const named = Object.entries(groups).filter(([, ids]) => ids.some((id) => sampled.has(String(id))));
    fill(
      scope,
      h("option", { value: "" }, t("Whole run")),
      named.map(([name]) => h("option", { value: `group:${name}` }, t("Group {name}", { name }))),
      nodes.map(({ nodeId, name, time }) => h("option", { value: `node:${nodeId}` }, `${name} · ${seconds(time)}`)),
    );
  }

  function chosenNodes() {
    const [kind, ...rest] = scope.value.split(":");
    const name = rest.join(":");
    if (kind === "node") return new Set([name]);
    if (kind === "group") return new Set(groups[name].map(String));
    return null;
  }

  function build() {
    flame = flameOf(stacks, { titles, nodeIds: chosenNodes(), fold: folding.checked, threads: threading.checked });
    view = [0, Math.max(flame.duration, 1e-9)];
    selected = hover = -1;
    find();
    drawLegend();
    resize();
  }

  function drawLegend() {
    const spent = flame.owners.map(() => 0);
    for (let frame = 0; frame < flame.count; frame++) {
      const called = flame.functions[flame.label[frame]];
      if (called) spent[called[3]] += flame.self[frame];
    }
    const longest = [...spent.keys()].filter((owner) => spent[owner] > 0).sort((a, b) => spent[b] - spent[a]);
    fill(
      legend,
      longest.slice(0, 8).map((number) => {
        const [kind, owner] = flame.owners[number];
        const name = kind === "gpu_wait" ? t("waiting for the GPU") : owner;
        return h(
          "span",
          { class: "hp-flame-owner" },
          h("span", { class: "hp-swatch", style: { background: ownerColor(kind, owner) } }),
          `${name} ${share(flame.duration ? spent[number] / flame.duration : null)}`,
        );
      }),
    );
  }

  function resize() {
    const width = Math.floor(scroller.clientWidth);
    if (!width) return;
    const wanted = Math.max(1, flame.rowCount) * ROW_PX;
    const height = Math.min(wanted, MOST_PX);
    const ratio = window.devicePixelRatio || 1;
    size = { width, height };
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    scroller.style.height = `${height}px`;
    spacer.style.height = `${wanted}px`;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    colors = flameColors(getComputedStyle(element).color);
    draw();
  }

  function draw() {
    stop();
    if (!size.width) return 0;
    whole.disabled = view[0] <= 0 && view[1] >= flame.duration;
    return paintFlame(context, flame, { from: view[0], to: view[1], top: scroller.scrollTop, ...size }, { matches, selected, hover }, colors);
  }

  function describe(frame) {
    if (frame < 0) {
      readout.textContent = t("{time} sampled. Click a call to zoom in.", { time: seconds(flame.duration) });
      return;
    }
    const { name, file, line, kind, owner } = labelOf(flame, flame.label[frame]);
    const parts = [
      name,
      `${seconds(flame.total[frame])} (${share(flame.duration ? flame.total[frame] / flame.duration : null)})`,
      flame.self[frame] > 0 && flame.self[frame] < flame.total[frame] ? t("{time} of it its own", { time: seconds(flame.self[frame]) }) : "",
      file ? `${file}:${line}` : "",
      kind === "node" || kind === "gpu_wait" ? "" : owner,
    ];
    readout.textContent = parts.filter(Boolean).join(" · ");
  }

  function find() {
    const result = search(flame, finder.value);
    matches = result.found;
    if (finder.value.trim()) {
      readout.textContent = matches.size
        ? t("{time} ({share}) in what matches.", { time: seconds(result.seconds), share: share(flame.duration ? result.seconds / flame.duration : null) })
        : t("Nothing matches.");
    } else describe(selected);
    soon();
  }

  function zoomTo(frame) {
    view = frame < 0 ? [0, Math.max(flame.duration, 1e-9)] : [flame.start[frame], flame.start[frame] + Math.max(flame.total[frame], 1e-9)];
    soon();
  }

  function zoomBy(factor, x) {
    const at = view[0] + (x / size.width) * (view[1] - view[0]);
    const span = Math.min(flame.duration, Math.max(1e-6, (view[1] - view[0]) * factor));
    const left = at - (x / size.width) * span;
    moveTo(left, span);
  }

  function moveTo(left, span) {
    const from = Math.max(0, Math.min(left, flame.duration - span));
    view = [from, from + span];
    soon();
  }

  function choose(frame) {
    selected = frame;
    describe(frame);
    if (frame >= 0) {
      const y = flame.depth[frame] * ROW_PX;
      if (y < scroller.scrollTop) scroller.scrollTop = y;
      if (y + ROW_PX > scroller.scrollTop + size.height) scroller.scrollTop = y + ROW_PX - size.height;
      const [start, end] = [flame.start[frame], flame.start[frame] + flame.total[frame]];
      if (end < view[0] || start > view[1]) moveTo(start, view[1] - view[0]);
    }
    soon();
  }

  function frameUnder(event) {
    const box = canvas.getBoundingClientRect();
    const at = view[0] + ((event.clientX - box.left) / size.width) * (view[1] - view[0]);
    return frameAt(flame, Math.floor((event.clientY - box.top + scroller.scrollTop) / ROW_PX), at);
  }

  canvas.addEventListener("pointermove", (event) => {
    if (drag) {
      const moved = event.clientX - drag.x;
      if (Math.abs(moved) > DRAG_PX) drag.isMoved = true;
      if (drag.isMoved) moveTo(drag.from - (moved / size.width) * drag.span, drag.span);
      return;
    }
    hover = frameUnder(event);
    if (hover >= 0) describe(hover);
    soon();
  });
  canvas.addEventListener("pointerleave", () => {
    hover = -1;
    describe(selected);
    soon();
  });
  canvas.addEventListener("pointerdown", (event) => {
    drag = { x: event.clientX, from: view[0], span: view[1] - view[0], isMoved: false };
    canvas.setPointerCapture?.(event.pointerId);
  });
  canvas.addEventListener("pointerup", (event) => {
    const wasClick = drag && !drag.isMoved;
    drag = null;
    if (!wasClick) return;
    const frame = frameUnder(event);
    choose(frame);
    zoomTo(frame);
  });
  canvas.addEventListener("dblclick", () => zoomTo(-1));
  canvas.addEventListener(
    "wheel",
    (event) => {
      const scrolls = flame.rowCount * ROW_PX > size.height + 1;
      if (scrolls && !event.ctrlKey && !event.altKey) return; // deep stacks scroll; with Ctrl or Alt they zoom
      event.preventDefault();
      const box = canvas.getBoundingClientRect();
      zoomBy(Math.exp(event.deltaY / 300), event.clientX - box.left);
    },
    { passive: false },
  );
  canvas.addEventListener("keydown", (event) => {
    if (event.key.startsWith("Arrow")) choose(neighbour(flame, selected, event.key));
    else if (event.key === "Enter" && selected >= 0) zoomTo(selected);
    else if (event.key === "Escape" || event.key === "0") zoomTo(-1);
    else if (event.key === "+" || event.key === "=") zoomBy(0.7, size.width / 2);
    else if (event.key === "-") zoomBy(1 / 0.7, size.width / 2);
    else if (event.key === "/") finder.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  scroller.addEventListener("scroll", soon);
  const observer = new ResizeObserver(() => {
    if (Math.floor(scroller.clientWidth) !== size.width) resize();
  });
  observer.observe(scroller);

  return {
    /** Keep to one node. */
    show(nodeId) {
      scope.value = `node:${nodeId}`;
      if (scope.value !== `node:${nodeId}`) scope.value = "";
      build();
    },
    draw,
    zoomBy,
    get frames() {
      return flame.count;
    },
    dispose() {
      observer.disconnect();
      stop();
    },
  };
}
