// The interactive timeline of one run: the panel, the run's own window and the html export use this very
// module. It needs its data and an element, and nothing of ComfyUI.

import { fill, h } from "../ui/dom.js";
import { seconds } from "../ui/format.js";
import { t, tn } from "../ui/i18n.js";
import { AXIS_PX, EVENT_PX, lanesHeight, paint } from "./draw.js";
import { ROW_PX, clampView, sectionsOf, stack, sumStretch, zoomed } from "./layout.js";
import { momentText, nodeText, stretchText } from "./readout.js";

const DRAG_PX = 4;

/**
 * Draw `data` into `element` and keep it in step with its size. `data`:
 * - `duration_s`
 * - `nodes`: `{id, title, type, status, colors, start_s, end_s, exec_time, groups: [name],
 *   segments: [[kind, start_s, end_s]], loads: [[start_s, end_s]], steps: [[start_s, end_s]]}`: loading of
 *   models and sampler steps lie in the bar; kind is run, async, lazy or expand; times are seconds since the
 *   run began, null for a node that did not run; `colors` are those of all its groups, else its type's
 * - `groups`: name -> `#RRGGBB`; `subgraphs`: id -> title
 * - `events`: `{t_s, text, node_id}`, in time order: what somebody marked
 * - `lanes`: `{name, unit, capacity, dark, light, series: [{label, t_s, value, most}]}`; unit is bytes, percent
 *   or watts; `dark` and `light` are the colours in those themes; times sorted
 *
 * `onSelect(id)`: a bar was chosen. Returns `{select(id), redraw, dispose}`.
 */
export function createTimeline(element, data, { onSelect = () => {} } = {}) {
  const canvas = h("canvas", {
    class: "hp-timeline-canvas",
    tabIndex: 0,
    role: "img",
    "aria-label": t("Timeline. Arrow keys pan, plus and minus zoom, 0 shows all, up and down go from node to node."),
  });
  const context = canvas.getContext("2d");
  const readout = h("p", { class: "hp-timeline-readout", role: "status" });
  const search = h("input", {
    class: "hp-input",
    type: "search",
    placeholder: t("Find a node"),
    "aria-label": t("Find a node on the timeline"),
    on: { input: find, keydown: (event) => event.key === "Enter" && nextMatch() },
  });
  const kinds = [
    ["", t("All nodes")],
    ...(Object.keys(data.groups ?? {}).length ? [["group", t("By group")]] : []),
    ...(Object.keys(data.subgraphs ?? {}).length ? [["subgraph", t("By subgraph")]] : []),
  ];
  const folds = h(
    "select",
    { class: "hp-input", "aria-label": t("Sections"), on: { change: (event) => arrangeBy(event.target.value) } },
    kinds.map(([value, label]) => h("option", { value }, label)),
  );
  folds.hidden = kinds.length < 2;
  const whole = h("button", { type: "button", class: "hp-button", on: { click: () => show([0, data.duration_s]) } }, t("Show all"));
  element.classList.add("hp-timeline");
  fill(element, h("div", { class: "hp-row" }, search, folds, whole), canvas, readout);

  const ran = data.nodes.filter((node) => typeof node.start_s === "number" && node.status !== "cached" && node.status !== "skipped");
  const duration_s = Math.max(1e-6, data.duration_s);
  const folded = new Set();
  const state = { stacked: null, selected: null, hover: null, brush: null, matches: null, cursor_s: null, event: null };
  let by = "";
  let view = [0, duration_s];
  let size = { width: 0, height: 0, ratio: 1 };
  let colors = null;
  let frame = null;
  let drag = null;

  function arrangeBy(kind) {
    by = kind;
    state.stacked = stack(sectionsOf(data, by), folded);
    resize();
  }

  function resize() {
    const width = Math.floor(canvas.parentElement.clientWidth);
    if (!width) return;
    const height = AXIS_PX + state.stacked.height + lanesHeight(data) + 6;
    const ratio = window.devicePixelRatio || 1;
    size = { width, height, ratio };
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.height = `${height}px`;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    readColors();
    draw();
  }

  function readColors() {
    const style = getComputedStyle(element);
    const color = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
    const text = style.color;
    const [red = 0, green = 0, blue = 0] = (text.match(/[\d.]+/g) ?? []).map(Number);
    colors = {
      text,
      dim: color("--hp-dim", "#888888"),
      line: color("--hp-tick", "rgba(128,128,128,.22)"),
      soft: color("--hp-lane", "rgba(128,128,128,.10)"),
      isDark: red * 0.299 + green * 0.587 + blue * 0.114 > 128,
    };
  }

  function draw() {
    frame = null;
    if (size.width) paint(context, data, { from_s: view[0], to_s: view[1], ...size }, state, colors);
    whole.disabled = view[0] <= 0 && view[1] >= duration_s;
  }

  const soon = () => {
    frame ??= requestAnimationFrame(draw);
  };

  function show(next) {
    view = clampView(next, duration_s);
    soon();
  }

  const timeAt = (x) => view[0] + (x / size.width) * (view[1] - view[0]);
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  function hit({ x, y }) {
    const at = timeAt(x);
    const slack = ((view[1] - view[0]) / size.width) * 2;
    for (const section of state.stacked.sections) {
      if (section.headY !== null && y >= AXIS_PX + section.headY && y < AXIS_PX + section.y) return { section };
      if (section.isFolded) continue;
      const row = Math.floor((y - AXIS_PX - section.y) / ROW_PX);
      const onRow = section.bars.filter((bar) => bar.row === row);
      const found = onRow.find(({ node }) => node.start_s <= at && node.end_s >= at)
        ?? onRow.find(({ node }) => node.start_s - slack <= at && node.end_s + slack >= at);
      if (found) return found;
    }
    return null;
  }

  /** The event whose flag, or the text beside it, is under the pointer: the last one before it. */
  function eventAt({ x, y }) {
    const top = AXIS_PX + state.stacked.height + 4;
    if (y < top || y > top + EVENT_PX) return null;
    return data.events?.findLast(({ t_s }) => t_s <= timeAt(x + 2) && t_s >= view[0]) ?? null;
  }

  /** One line: the node under the pointer, or the lanes' values there, or what the stretch comes to. */
  function describe() {
    if (state.brush) return fill(readout, stretchText(sumStretch(data, ...state.brush)));
    if (state.event) return fill(readout, h("strong", {}, state.event.text), ` ${seconds(state.event.t_s)}`);
    const node = state.hover ?? ran.find(({ id }) => id === state.selected);
    if (node) return fill(readout, h("strong", {}, `${node.title} #${node.id}`), ` ${nodeText(node)}`);
    if (state.cursor_s === null) {
      return fill(readout, h("span", { class: "hp-muted" }, t("Click, then wheel to zoom; drag to move; Shift+drag adds up a stretch.")));
    }
    return fill(readout, momentText(data, state.cursor_s));
  }

  function select(id, { isAnnounced = true } = {}) {
    state.selected = id;
    const node = ran.find((each) => each.id === id);
    if (node && (node.end_s < view[0] || node.start_s > view[1])) {
      const span = Math.max(view[1] - view[0], (node.end_s - node.start_s) * 1.5);
      const middle = (node.start_s + node.end_s) / 2;
      view = clampView([middle - span / 2, middle + span / 2], duration_s);
    }
    describe();
    soon();
    if (node && isAnnounced) onSelect(id);
  }

  function find() {
    const needle = search.value.trim().toLowerCase();
    const found = needle && ran.filter((node) => `${node.title} ${node.type} #${node.id}`.toLowerCase().includes(needle));
    state.matches = needle ? new Set(found.map(({ id }) => id)) : null;
    if (needle) fill(readout, tn("{n} node found|{n} nodes found", found.length));
    else describe();
    soon();
  }

  function nextMatch() {
    const found = ran.filter(({ id }) => state.matches?.has(id));
    if (!found.length) return;
    const at = found.findIndex(({ id }) => id === state.selected);
    select(found[(at + 1) % found.length].id);
  }

  function pointerDown(event) {
    if (event.button !== 0) return;
    const at = place(event);
    canvas.setPointerCapture(event.pointerId);
    drag = { from: at, view, isBrush: event.shiftKey || at.y < AXIS_PX, isMoved: false };
  }

  function pointerMove(event) {
    const at = place(event);
    state.cursor_s = timeAt(at.x);
    if (drag) {
      drag.isMoved ||= Math.abs(at.x - drag.from.x) > DRAG_PX;
      if (drag.isMoved && drag.isBrush) {
        const ends = [timeAt(drag.from.x), timeAt(at.x)].sort((a, b) => a - b);
        state.brush = [Math.max(0, ends[0]), Math.min(duration_s, ends[1])];
      } else if (drag.isMoved) {
        const shift = ((at.x - drag.from.x) / size.width) * (drag.view[1] - drag.view[0]);
        view = clampView([drag.view[0] - shift, drag.view[1] - shift], duration_s);
      }
    } else {
      const found = hit(at);
      state.hover = found?.node ?? null;
      state.event = eventAt(at);
      canvas.style.cursor = found ? "pointer" : "";
    }
    describe();
    soon();
  }

  function pointerUp(event) {
    const { isMoved } = drag ?? { isMoved: true };
    drag = null;
    if (isMoved) return;
    const found = hit(place(event));
    if (found?.section) {
      if (!folded.delete(found.section.name)) folded.add(found.section.name);
      arrangeBy(by);
    } else if (found) select(found.node.id);
    else {
      state.brush = null;
      select(null);
    }
  }

  function wheel(event) {
    const isZoom = event.ctrlKey || event.metaKey || (document.activeElement === canvas && !event.shiftKey);
    const sideways = event.deltaX || (event.shiftKey ? event.deltaY : 0);
    if (!isZoom && !sideways) return;
    event.preventDefault();
    event.stopPropagation();
    const span = view[1] - view[0];
    if (sideways) show([view[0] + (sideways / size.width) * span, view[1] + (sideways / size.width) * span]);
    else show(zoomed(view, timeAt(place(event).x), 1.0015 ** event.deltaY, duration_s));
  }

  function keyDown(event) {
    const span = view[1] - view[0];
    const pan = (share) => show([view[0] + span * share, view[1] + span * share]);
    const zoom = (factor) => show(zoomed(view, state.cursor_s ?? (view[0] + view[1]) / 2, factor, duration_s));
    const walk = (step) => {
      const at = ran.findIndex(({ id }) => id === state.selected);
      select(ran[Math.min(ran.length - 1, Math.max(0, at + step))]?.id ?? null);
    };
    const act = {
      ArrowLeft: () => pan(-0.15), ArrowRight: () => pan(0.15), a: () => pan(-0.15), d: () => pan(0.15),
      "+": () => zoom(0.7), "=": () => zoom(0.7), w: () => zoom(0.7), "-": () => zoom(1.4), s: () => zoom(1.4),
      ArrowDown: () => walk(1), ArrowUp: () => walk(-1), 0: () => show([0, duration_s]), Home: () => show([0, duration_s]),
      Escape: () => {
        state.brush = null;
        select(null);
      },
    }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  canvas.addEventListener("pointerdown", pointerDown);
  canvas.addEventListener("pointermove", pointerMove);
  canvas.addEventListener("pointerup", pointerUp);
  canvas.addEventListener("pointerleave", () => {
    if (drag) return;
    Object.assign(state, { cursor_s: null, hover: null, event: null });
    describe();
    soon();
  });
  canvas.addEventListener("wheel", wheel, { passive: false });
  canvas.addEventListener("keydown", keyDown);
  const observer = new ResizeObserver(resize);
  arrangeBy(kinds.some(([value]) => value === "subgraph") ? "subgraph" : "");
  folds.value = by;
  describe();
  observer.observe(element);
  return {
    /** Mark a node, as after its row was chosen in a table. */
    select: (id) => select(id, { isAnnounced: false }),
    redraw: resize,
    dispose() {
      observer.disconnect();
      if (frame !== null) cancelAnimationFrame(frame);
    },
  };
}
