// Painting the flame on a canvas. Knows the layout and nothing of the page's events.

import { callees, labelOf, ownerColor } from "./flame_layout.js";

export const ROW_PX = 19;
const LETTER_PX = 6.3;
const LEAST_TEXT_PX = 26;

/** The colours beside the owners' own, for a page whose text has the CSS colour `text`. */
export function flameColors(text) {
  const [red = 0, green = 0, blue = 0] = (text.match(/[\d.]+/g) ?? []).map(Number);
  const isDark = red * 0.299 + green * 0.587 + blue * 0.114 > 128;
  return { line: isDark ? "#fff" : "#000", faint: isDark ? "rgba(128,128,128,.35)" : "rgba(128,128,128,.28)" };
}

/**
 * Paint what can be seen; calls narrower than a pixel are painted as one. `view`: `{from, to}` in seconds,
 * `{top, width, height}` in CSS pixels; `state`: `{matches, selected, hover}`. Returns how many rectangles.
 */
export function paintFlame(context, flame, view, state, colors) {
  const { top, width, height } = view;
  const scale = width / (view.to - view.from);
  let painted = 0;
  context.clearRect(0, 0, width, height);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  let callers = [-1];
  for (let y = -top; callers.length && y < height; y += ROW_PX) {
    const wide = [];
    let filledTo = 0;
    for (const caller of callers) {
      const frames = callees(flame, caller);
      for (let at = 0; at < frames.length; at++) {
        const frame = frames[at];
        const left = (flame.start[frame] - view.from) * scale;
        if (left >= width) break;
        const isNarrow = flame.total[frame] * scale < 1; // and so are those after it
        const last = isNarrow ? frames.at(-1) : frame;
        const right = (flame.start[last] + flame.total[last] - view.from) * scale;
        if (right > 0 && y > -ROW_PX) {
          const from = Math.max(filledTo, Math.floor(left));
          if (isNarrow) filledTo = paintNarrow(context, [from, Math.min(width, right), y], frames.length - at, colors);
          else paintFrame(context, flame, frame, [Math.max(0, left), Math.min(width, right), y], state, colors);
          painted += 1;
        }
        if (isNarrow) break;
        if (right > 0) wide.push(frame);
      }
    }
    callers = wide;
  }
  return painted;
}

/** The whole pixels from `left`, which is one, to `right`, and how many calls they are; returns where they end. */
function paintNarrow(context, [left, right, y], count, colors) {
  if (right <= left) return left;
  const end = Math.ceil(right);
  context.fillStyle = colors.faint;
  context.fillRect(left, y + 1, end - left, ROW_PX - 2);
  if (end - left > 2 * LEAST_TEXT_PX) {
    context.fillStyle = colors.line;
    context.fillText(`+${count}`, left + 4, y + ROW_PX / 2);
  }
  return end;
}

function paintFrame(context, flame, frame, [left, right, y], { matches, selected, hover }, colors) {
  const { name, kind, owner } = labelOf(flame, flame.label[frame]);
  context.globalAlpha = matches.size > 0 && !matches.has(flame.label[frame]) ? 0.28 : 1;
  context.fillStyle = ownerColor(kind, owner);
  context.fillRect(left, y + 1, Math.max(right - left - (right - left > 3 ? 1 : 0), 1), ROW_PX - 2);
  if (right - left > LEAST_TEXT_PX) {
    const room = Math.floor((right - left - 8) / LETTER_PX);
    context.fillStyle = "#0d0f12";
    context.fillText(name.length > room ? `${name.slice(0, Math.max(1, room - 1))}…` : name, left + 4, y + ROW_PX / 2, right - left - 6);
  }
  context.globalAlpha = 1;
  if (frame === selected || frame === hover) {
    context.strokeStyle = colors.line;
    context.lineWidth = frame === selected ? 2 : 1;
    context.strokeRect(left + 1, y + 1.5, Math.max(right - left - 2, 1), ROW_PX - 3);
  }
}
