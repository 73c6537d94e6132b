// The line of total times over the runs of a workflow; a point is a run and opens it.

import { h, fill, svg } from "../ui/dom.js";
import { dateTime, runLabel, seconds } from "../ui/format.js";
import { t } from "../ui/i18n.js";
import { layOut, moved, nearest } from "./trend_layout.js";

const HEIGHT = 130;

/**
 * `currentId`: the run to mark; `open(id)` is called with the run that was chosen.
 * Returns `{element, update, dispose}`; without a time there is nothing to see.
 */
export function createTrendChart({ currentId, open }) {
  const plot = h("div", { class: "hp-trend-plot" });
  const readout = h("p", { class: "hp-trend-readout", "aria-hidden": "true" });
  const dates = h("div", { class: "hp-trend-dates hp-muted" });
  const element = h("div", { class: "hp-trend", hidden: true }, h("h3", {}, t("Time of each run")), readout, plot, dates);
  let runs = [];
  let counted = null;
  let changes = [];
  let marks = [];
  let points = [];
  let reachable = currentId; // the run whose point the Tab key comes to

  const timeOf = ({ total_time: time }) => (typeof time === "number" && Number.isFinite(time) ? time : null);
  const runAt = (place) => runs[points[place].index];
  const isCurrent = (run) => run.id === currentId;

  function draw() {
    const width = plot.clientWidth;
    if (!width) return;
    const hadFocus = marks.includes(document.activeElement);
    const layout = layOut(runs.map(timeOf), { width, height: HEIGHT });
    points = layout.points;
    const reached = Math.max(0, points.findIndex(({ index }) => runs[index].id === reachable));
    marks = points.map((point, place) => mark(point, layout.radius, place, place === reached));
    fill(
      plot,
      svg(
        "svg",
        {
          width,
          height: HEIGHT,
          role: "group",
          "aria-label": t("Total time of each run, oldest first. Arrow keys go from run to run, Enter opens one."),
          on: {
            pointermove: (event) => point(placeAt(event)),
            pointerleave: () => point(marks.indexOf(document.activeElement)),
            click: (event) => open(runAt(placeAt(event)).id),
            keydown: pressed,
          },
        },
        layout.grid.map(({ y, label }) => [
          svg("line", { class: "hp-trend-grid", x1: layout.left, x2: layout.right, y1: y, y2: y }),
          svg("text", { class: "hp-trend-label", x: layout.left - 6, y: y + 4, "aria-hidden": "true" }, label),
        ]),
        changes.map(({ id, text, isChange }) => line(points.find(({ index }) => runs[index].id === id), text, isChange)),
        svg("path", { class: "hp-trend-line", d: layout.path }),
        marks,
      ),
    );
    if (hadFocus) marks[reached].focus();
    else point(-1);
  }

  /** The point under the pointer, else the nearest; a screen reader's click has no position but a target. */
  function placeAt({ target, clientX }) {
    const place = marks.indexOf(target);
    return place >= 0 ? place : nearest(points, clientX - plot.getBoundingClientRect().left);
  }

  /** From this run on something was different. */
  function line(at, text, isChange) {
    if (!at) return null;
    const place = { x1: at.x, x2: at.x, y1: 0, y2: HEIGHT };
    const wide = svg("line", { class: "hp-trend-reach", ...place }, svg("title", {}, text));
    return [svg("line", { class: `hp-trend-change ${isChange ? "hp-trend-shift" : ""}`, ...place }), wide];
  }

  function mark({ index, x, y }, radius, place, isReachable) {
    const run = runs[index];
    return svg(
      "circle",
      {
        class: `hp-trend-point ${isCurrent(run) ? "hp-trend-current" : ""} ${counted && !counted.has(run.id) ? "hp-trend-other" : ""}`,
        cx: x,
        cy: y,
        r: isCurrent(run) ? Math.max(radius, 3) + 1.5 : radius,
        role: "button",
        tabindex: isReachable ? 0 : -1,
        "aria-label": [runLabel(run), ...facts(run)].join(", "),
        "aria-current": isCurrent(run) ? "true" : undefined,
        on: { focus: () => point(place), blur: () => point(-1) },
      },
    );
  }

  const facts = (run) => [dateTime(run.timestamp), seconds(run.total_time)];

  /** Show the run at this place; the current one, or what to do, where it is -1. */
  function point(place) {
    for (const [at, circle] of marks.entries()) circle.classList.toggle("hp-trend-active", at === place);
    const run = place < 0 ? runs.find(isCurrent) : runAt(place);
    fill(
      readout,
      run
        ? [
            h("strong", { class: "hp-ellipsis" }, runLabel(run)),
            h("span", { class: "hp-muted" }, [...facts(run), ...(isCurrent(run) ? [t("this run")] : [])].join(" · ")),
          ]
        : h("span", { class: "hp-muted" }, t("Point at a run to see it; a click opens it.")),
    );
  }

  function pressed(event) {
    const place = marks.indexOf(event.target);
    if (place < 0) return;
    const next = moved(event.key, place, marks.length);
    const opens = event.key === "Enter" || event.key === " ";
    if (next === null && !opens) return;
    event.preventDefault();
    event.stopPropagation();
    if (opens) {
      open(runAt(place).id);
      return;
    }
    marks[place].setAttribute("tabindex", -1);
    marks[next].setAttribute("tabindex", 0);
    reachable = runAt(next).id;
    marks[next].focus();
  }

  const observer = new ResizeObserver(draw);
  observer.observe(plot);
  return {
    element,
    /**
     * `fresh`: `{id, name, timestamp, total_time}`, oldest first; `counted`: the ids of those that are not of another
     * kind; `marks`: `{id, text, isChange}` of runs from which on something was different. Keeps the focus on its run.
     */
    update(fresh, { counted: ids = null, marks: found = [] } = {}) {
      runs = fresh;
      counted = ids;
      changes = found;
      element.hidden = !runs.some((run) => timeOf(run) !== null);
      const [first, ...later] = runs;
      fill(dates, [first, ...later.slice(-1)].filter(Boolean).map(({ timestamp }) => h("span", {}, dateTime(timestamp))));
      if (!element.hidden) draw();
    },
    dispose: () => observer.disconnect(),
  };
}
