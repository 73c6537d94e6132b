// Where the points of a line over runs lie, and which point is meant. Pure: numbers
// in, numbers out, in pixels from the top left corner.

import { seconds } from "../ui/format.js";

const CHARACTER_PX = 6.4;
const MARGIN = { top: 8, right: 8, bottom: 6, left: 8 };
const LARGEST_RADIUS = 3.5;
const SMALLEST_RADIUS = 1.2;
const INSET = LARGEST_RADIUS + 2; // keeps the first and the last point inside
const MOST_STEPS = 3;

const MINUTE_STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 18_000];

/** The distance between lines of the grid, in seconds, that people count in: 1, 2, 5 and whole minutes. */
function gridStep(most_s) {
  const least = most_s / MOST_STEPS;
  const decade = 10 ** Math.floor(Math.log10(least));
  const small = [1, 2, 5, 10].map((factor) => factor * decade).find((step) => step >= least);
  if (small <= 20) return small;
  return [30, ...MINUTE_STEPS].find((step) => step >= least) ?? Math.ceil(least / 3600) * 3600;
}

/**
 * A line over runs. `times_s`: one entry a run, oldest first, null where unknown.
 * Every run has its place on the x axis; the line is broken where a time is unknown.
 * Zero is the bottom, so that heights compare. Returns `{points: [{index, x, y}], path,
 * grid: [{y, label}], left, right, radius}`.
 */
export function layOut(times_s, { width, height }) {
  const known = times_s.filter((time) => time !== null);
  const most_s = Math.max(...known, 0);
  const step = most_s > 0 ? gridStep(most_s) : 1;
  const top_s = most_s > 0 ? Math.ceil(most_s / step - 1e-9) * step : step;
  const bottom = height - MARGIN.bottom;
  const yOf = (time) => bottom - (time / top_s) * (bottom - MARGIN.top);
  const grid = Array.from({ length: Math.round(top_s / step) + 1 }, (_, index) => ({
    y: yOf(index * step),
    label: seconds(index * step),
  }));
  const left = MARGIN.left + CHARACTER_PX * Math.max(...grid.map(({ label }) => label.length));
  const right = width - MARGIN.right;
  const spacing = times_s.length > 1 ? (right - left - 2 * INSET) / (times_s.length - 1) : 0;
  const xOf = (index) => (times_s.length > 1 ? left + INSET + index * spacing : (left + right) / 2);
  const points = times_s.flatMap((time, index) => (time === null ? [] : [{ index, x: xOf(index), y: yOf(time) }]));
  return {
    points,
    path: pathThrough(points),
    grid,
    left,
    right,
    radius: times_s.length > 1 ? Math.min(LARGEST_RADIUS, Math.max(SMALLEST_RADIUS, spacing / 3)) : LARGEST_RADIUS,
  };
}

const pathThrough = (points) =>
  points
    .map(({ index, x, y }, place) => `${points[place - 1]?.index === index - 1 ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`)
    .join("");

/** The place in `points` of the one nearest to `x`; -1 where there are none. */
export function nearest(points, x) {
  return points.reduce((best, point, place) => (best < 0 || Math.abs(point.x - x) < Math.abs(points[best].x - x) ? place : best), -1);
}

/** The place to which a key moves from `place` among `count` points; null for any other key. */
export function moved(key, place, count) {
  const targets = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: count - 1 };
  return key in targets ? Math.min(count - 1, Math.max(0, targets[key])) : null;
}
