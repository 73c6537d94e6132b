// The lanes of the timeline: memory and load as areas and lines. Painted pixel by pixel on a sheet of their own:
// thousands of rectangles take a browser without a GPU longer than a frame lasts.

import { bytes, percent } from "../ui/format.js";
import { columnsOf } from "./layout.js";

const LANE_PX = 46;
const LANE_GAP_PX = 16;
const ROOM_PX = LANE_PX - 6;
const AREA_ALPHA = 0.28;
const DASH_PX = 6;
let sheet = null;

/** A lane's values as people read them. */
export const laneText = (unit, value) =>
  unit === "bytes" ? bytes(value) : unit === "percent" ? percent(value) : `${Math.round(value)} W`;

export const heightOfLanes = (lanes) => lanes.length * (LANE_PX + LANE_GAP_PX);

/** The lanes from `top` down. `view` and `colors` as `paint` has them. */
export function paintLanes(context, lanes, view, top, colors) {
  const { ratio } = view;
  const width = Math.ceil(view.width * ratio);
  const height = Math.round(ROOM_PX * ratio);
  if (!lanes.length || !width) return;
  const curves = curvesOf(lanes, view, width, height, colors.isDark, ratio);
  let y = top;
  for (const [index, lane] of lanes.entries()) {
    const from = y + LANE_GAP_PX + 2;
    context.fillStyle = colors.soft;
    context.fillRect(0, from, view.width, ROOM_PX);
    context.drawImage(curves, 0, index * height, width, height, 0, from, width / ratio, ROOM_PX);
    context.textAlign = "left";
    context.fillStyle = colors.text;
    context.fillText(lane.name, 4, y + LANE_GAP_PX / 2 + 1);
    const labels = lane.series.length > 1 ? `${lane.series.map(({ label }) => label).join(" · ")} · ` : "";
    const most = laneText(lane.unit, topOf(lane));
    const room = view.width - 16 - context.measureText(lane.name).width;
    context.fillStyle = colors.dim;
    context.textAlign = "right";
    context.fillText(context.measureText(labels + most).width > room ? most : labels + most, view.width - 4, y + LANE_GAP_PX / 2 + 1);
    y += LANE_PX + LANE_GAP_PX;
  }
}

/** The value at a lane's upper edge. */
const topOf = (lane) => lane.capacity ?? Math.max(1e-9, ...lane.series.map((series) => series.most));

/** A canvas with the curves of all lanes below each other, each `width` x `height` device pixels. */
function curvesOf(lanes, view, width, height, isDark, ratio) {
  sheet ??= document.createElement("canvas");
  if (sheet.width !== width || sheet.height !== height * lanes.length) {
    sheet.width = width;
    sheet.height = height * lanes.length;
  }
  const context = sheet.getContext("2d");
  const image = context.createImageData(width, height * lanes.length);
  const pixels = new Uint32Array(image.data.buffer);
  for (const [index, lane] of lanes.entries()) {
    const part = pixels.subarray(index * width * height, (index + 1) * width * height);
    const color = isDark ? lane.dark : lane.light;
    for (const [number, series] of lane.series.entries()) {
      const columns = columnsOf(series, view.from_s, view.to_s, width);
      paintCurve(part, width, height, columns, topOf(lane), color, { isFirst: number === 0, ratio });
    }
  }
  context.putImageData(image, 0, 0);
  return sheet;
}

/** The first curve of a lane as an area under a line, any other as a dashed line. */
function paintCurve(pixels, width, height, { low, high }, most, color, { isFirst, ratio }) {
  const ink = pixel(color, 1);
  const area = pixel(color, AREA_ALPHA);
  const row = (value) => Math.round((1 - Math.min(1, value / most)) * (height - 1));
  const thick = Math.max(1, Math.round(ratio));
  let before = -1;
  for (let x = 0; x < width; x += 1) {
    if (Number.isNaN(high[x])) {
      before = -1;
      continue;
    }
    const top = row(high[x]);
    if (isFirst) for (let y = top; y < height; y += 1) pixels[y * width + x] = area;
    const from = before < 0 ? top : Math.min(top, before);
    const until = Math.min(height, Math.max(row(low[x]), before, top + thick - 1) + 1);
    const isGap = !isFirst && (x / ratio) % DASH_PX >= DASH_PX / 2;
    if (!isGap) for (let y = from; y < until; y += 1) pixels[y * width + x] = ink;
    before = top;
  }
}

/** `#RRGGBB` as one number, as the bytes of an image lie on every machine that browsers run on. */
function pixel(color, alpha) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  return ((Math.round(alpha * 255) << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
