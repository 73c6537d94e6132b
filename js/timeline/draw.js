// Painting the timeline on a canvas. Knows the layout and nothing of the page's events.

import { grouped, seconds } from "../ui/format.js";
import { heightOfLanes, paintLanes } from "./lanes.js";
import { HEAD_PX, ROW_PX, ticks } from "./layout.js";

export const AXIS_PX = 22;
export const EVENT_PX = 16;
const LEAST_LABEL_PX = 26;
const STRIPE_PX = 3;
const STEP_PX = 4;
const STRIPES = 2; // of the further groups of a node; more would hide its name

export const lanesHeight = (data) => eventsHeight(data) + heightOfLanes(data.lanes);

/** The events stand on a row of their own below the bars, where there are any. */
const eventsHeight = (data) => (data.events?.length ? EVENT_PX : 0);

const inks = new Map();

/** Dark or light ink, whichever reads on `#RRGGBB`. */
function inkOn(color) {
  if (!inks.has(color)) {
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
    inks.set(color, red * 0.299 + green * 0.587 + blue * 0.114 > 140 ? "#14161a" : "#ffffff");
  }
  return inks.get(color);
}

/**
 * Paint everything. `view`: `{from_s, to_s, width, height}` in CSS pixels, and `ratio`, the device pixels of
 * each; `state`: `{stacked, selected, hover, brush, matches}`; `colors`: `{text, dim, line, soft, ground, isDark}`.
 */
export function paint(context, data, view, state, colors) {
  const x = (t_s) => ((t_s - view.from_s) / (view.to_s - view.from_s)) * view.width;
  context.clearRect(0, 0, view.width, view.height);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  paintAxis(context, view, x, colors);
  paintBars(context, view, x, state, colors);
  const top = AXIS_PX + state.stacked.height + 4;
  if (data.events?.length) paintEvents(context, data.events, view, x, top, colors);
  paintLanes(context, data.lanes, view, top + eventsHeight(data), colors);
  if (state.brush) {
    const [left, right] = state.brush.map(x);
    context.fillStyle = colors.isDark ? "rgba(86,180,233,.18)" : "rgba(0,114,178,.14)";
    context.fillRect(left, 0, right - left, view.height);
    context.fillStyle = colors.isDark ? "#56B4E9" : "#0072B2";
    context.fillRect(left - 0.5, 0, 1, view.height);
    context.fillRect(right - 0.5, 0, 1, view.height);
  }
  if (state.cursor_s !== null && state.cursor_s !== undefined) {
    context.fillStyle = colors.dim;
    context.fillRect(Math.round(x(state.cursor_s)), 0, 1, view.height);
  }
}

function paintAxis(context, view, x, colors) {
  const { step, at } = ticks(view.from_s, view.to_s, view.width);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  context.textAlign = "left";
  for (const t_s of at) {
    context.fillStyle = colors.line;
    context.fillRect(Math.round(x(t_s)), 0, 1, view.height);
    context.fillStyle = colors.dim;
    const label = step >= 60 || t_s === 0 ? seconds(t_s) : step < 0.001 ? `${(t_s * 1e6).toFixed(0)} µs` : step < 0.5 && t_s < 10 ? `${(t_s * 1000).toFixed(0)} ms` : `${grouped(t_s, Math.min(3, digits))} s`;
    const left = Math.round(x(t_s)) + 4;
    if (left + context.measureText(label).width <= view.width) context.fillText(label, left, AXIS_PX / 2);
  }
}

function paintBars(context, view, x, state, colors) {
  for (const section of state.stacked.sections) {
    if (section.headY !== null) paintHead(context, section, view, colors);
    if (section.isFolded) continue;
    const drawnUntil = []; // bars narrower than a pixel on one place are painted once
    for (const { node, row } of section.bars) {
      if (node.end_s < view.from_s || node.start_s > view.to_s) continue;
      const top = AXIS_PX + section.y + row * ROW_PX;
      const isFaint = state.matches && !state.matches.has(node.id);
      context.globalAlpha = isFaint ? 0.22 : 1;
      const left = x(node.start_s);
      const width = x(node.end_s) - left;
      if (width < 1 && node.id !== state.selected) {
        if (left < (drawnUntil[row] ?? -1)) continue;
        context.fillStyle = node.colors[0];
        context.fillRect(left, top, 1, ROW_PX - 3);
        drawnUntil[row] = left + 1;
        continue;
      }
      paintBar(context, node, x, top, view, colors, state);
    }
    context.globalAlpha = 1;
  }
}

/** A flag for each event with what it says where there is room, and a line through everything. */
function paintEvents(context, events, view, x, top, colors) {
  context.textAlign = "left";
  let drawnUntil = -Infinity;
  for (const [index, { t_s, text }] of events.entries()) {
    const left = Math.round(x(t_s));
    if (left < 0 || left > view.width || left <= drawnUntil) continue;
    context.fillStyle = colors.text;
    context.globalAlpha = 0.4;
    context.fillRect(left, 0, 1, view.height);
    context.globalAlpha = 1;
    context.fillRect(left, top + 2, 6, EVENT_PX - 6);
    drawnUntil = left + 6;
    const room = Math.min(x(events[index + 1]?.t_s ?? view.to_s), view.width) - left - 14;
    const shown = room > LEAST_LABEL_PX ? fitted(context, text, room) : "";
    context.fillStyle = colors.text;
    context.fillText(shown, left + 10, top + EVENT_PX / 2);
  }
}

/** `text`, shortened to `room` pixels; empty where not even three letters fit. */
function fitted(context, text, room) {
  const width = context.measureText(text).width;
  if (width <= room) return text;
  const keep = Math.floor((room / width) * text.length) - 1;
  return keep < 3 ? "" : `${text.slice(0, keep)}…`;
}

function paintHead(context, section, view, colors) {
  const y = AXIS_PX + section.headY;
  context.fillStyle = colors.soft;
  context.fillRect(0, y, view.width, HEAD_PX - 2);
  context.fillStyle = section.color ?? colors.dim;
  context.fillRect(0, y, 3, HEAD_PX - 2);
  const time_s = section.nodes.reduce((sum, node) => sum + (node.status === "cached" ? 0 : node.exec_time ?? 0), 0);
  context.fillStyle = colors.text;
  context.textAlign = "left";
  context.fillText(`${section.isFolded ? "▸" : "▾"} ${section.name} · ${seconds(time_s)}`, 8, y + HEAD_PX / 2 - 1);
}

function paintBar(context, node, x, top, view, colors, state) {
  const height = ROW_PX - 3;
  let widest = null;
  for (const [kind, start, end] of node.segments) {
    const left = x(start);
    const width = Math.max(0.75, x(end) - left);
    if (kind === "lazy" || kind === "expand") {
      context.strokeStyle = node.colors[0];
      context.setLineDash([4, 3]);
      context.strokeRect(left + 0.5, top + height / 2 - 4, Math.max(1, width - 1), 8);
      context.setLineDash([]);
      continue;
    }
    context.fillStyle = node.colors[0];
    const wide = width > 4 ? width - 1 : width;
    context.fillRect(left, top, wide, height);
    for (const [index, color] of node.colors.slice(1, 1 + STRIPES).entries()) {
      context.fillStyle = color;
      context.fillRect(left, top + STRIPE_PX * index, wide, STRIPE_PX);
    }
    if (!widest || width > widest.width) widest = { left, width };
  }
  for (const [start, end] of node.loads ?? []) hatch(context, x(start), x(end), top, height, inkOn(node.colors[0]));
  if (node.steps?.length) paintSteps(context, node, x, top + height, view);
  const stripes = node.colors.length > 1 ? STRIPE_PX - 1 : 0;
  const steps = node.steps?.length ? 2 : 0; // the name stands clear of the stripes above it and of the ticks below
  if (widest && widest.width > LEAST_LABEL_PX) label(context, node, widest, top + height / 2 + stripes - steps, view);
  if (node.status === "error" || node.status === "interrupted") {
    context.strokeStyle = colors.isDark ? "#FF7A59" : "#B93A00";
    context.lineWidth = 2;
    context.strokeRect(x(node.start_s) + 1, top + 1, Math.max(2, x(node.end_s) - x(node.start_s) - 2), height - 2);
    context.lineWidth = 1;
  }
  if (node.id === state.selected || node === state.hover) {
    context.strokeStyle = colors.text;
    context.lineWidth = node.id === state.selected ? 2 : 1;
    context.strokeRect(x(node.start_s) - 1, top - 1, Math.max(3, x(node.end_s) - x(node.start_s) + 1), height + 2);
    context.lineWidth = 1;
  }
}

/** A tick where each sampler step ended, and where the first that is known began; none closer than 3 px. */
function paintSteps(context, { steps, colors: [color] }, x, bottom, view) {
  context.fillStyle = inkOn(color);
  let drawnUntil = -Infinity;
  for (const at of steps.flat()) {
    const left = x(at);
    if (left < 0 || left - drawnUntil < 3 || left > view.width) continue;
    context.fillRect(left - 0.5, bottom - STEP_PX, 1, STEP_PX);
    drawnUntil = left;
  }
}

function hatch(context, left, right, top, height, ink) {
  if (right - left < 2) return;
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, height);
  context.clip();
  context.strokeStyle = ink;
  context.globalAlpha *= 0.45;
  context.beginPath();
  for (let at = left - height; at < right; at += 6) {
    context.moveTo(at, top + height);
    context.lineTo(at + height, top);
  }
  context.stroke();
  context.restore();
}

function label(context, node, { left, width }, y, view) {
  const from = Math.max(left, 0);
  const room = Math.min(left + width, view.width) - from - 8;
  if (room < LEAST_LABEL_PX - 8) return;
  const time = node.status === "running" ? "" : seconds(node.exec_time);
  let text = time ? `${node.title} · ${time}` : node.title;
  if (context.measureText(text).width > room) text = fitted(context, node.title, room);
  context.fillStyle = inkOn(node.colors[0]);
  context.textAlign = "left";
  context.fillText(text, from + 4, y);
}
