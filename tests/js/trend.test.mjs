import assert from "node:assert/strict";
import { test } from "node:test";

import { range, seconds } from "../../js/ui/format.js";
import { layOut, moved, nearest } from "../../js/panel/trend_layout.js";
import { changeSentence, clearChange, forecastText, leakSentence, memorySentence, nodeStatistics } from "../../js/panel/trend_words.js";

const SIZE = { width: 280, height: 130 };
const trend = (values, more = {}) => ({ values, median: 2, slope_per_run: 0.1, change_share: 0.2, is_certain: true, ...more });

test("the line starts at zero, keeps to its box and leaves a gap where a time is unknown", () => {
  const { points, path, grid, left, right } = layOut([2, null, 4, 3], SIZE);
  assert.deepEqual(points.map(({ index }) => index), [0, 2, 3]);
  assert.equal(path.match(/M/g).length, 2, "a gap begins a new piece");
  assert.deepEqual(grid.map(({ label }) => label), ["0 s", "2.0 s", "4.0 s"]);
  assert.equal(points[1].y, grid[2].y, "4 s lies on the line of 4 s");
  assert.ok(points.every(({ x, y }) => x >= left && x <= right && y >= 0 && y <= SIZE.height));
  assert.ok(points[1].x - points[0].x > points[2].x - points[1].x, "a run without a time keeps its place");
});

test("one run lies in the middle, two hundred get small points, no time at all draws nothing", () => {
  const one = layOut([1.2], SIZE);
  assert.equal(one.points[0].x, (one.left + one.right) / 2);
  const many = layOut(Array.from({ length: 200 }, (_, index) => 1 + index / 100), SIZE);
  assert.ok(many.radius < one.radius);
  assert.ok(many.points.at(-1).x <= many.right);
  assert.deepEqual(layOut([null, null], SIZE).points, []);
  assert.ok(layOut([0, 0], SIZE).points.every(({ y }) => Number.isFinite(y)));
});

test("the grid counts as people count times", () => {
  const labels = (most) => layOut([most], SIZE).grid.map(({ label }) => label);
  assert.deepEqual(labels(0.13), ["0 s", "50 ms", "100 ms", "150 ms"]);
  assert.deepEqual(labels(75), ["0 s", "30.0 s", "1 min", "1 min 30 s"]);
  assert.deepEqual(labels(500), ["0 s", "5 min", "10 min"]);
  assert.deepEqual(labels(40_000), ["0 s", "5 h", "10 h", "15 h"]);
  assert.ok(labels(10_000_000).length <= 4);
});

test("the pointer means the nearest run; keys go from run to run and stop at the ends", () => {
  const points = [{ x: 10 }, { x: 20 }, { x: 40 }];
  assert.deepEqual([0, 16, 29, 99].map((x) => nearest(points, x)), [0, 1, 1, 2]);
  assert.equal(nearest([], 5), -1);
  assert.deepEqual(["ArrowLeft", "ArrowRight", "Home", "End", "a"].map((key) => moved(key, 1, 3)), [0, 2, 0, 2, null]);
  assert.deepEqual([moved("ArrowLeft", 0, 3), moved("ArrowRight", 2, 3)], [0, 2]);
});

test("slower and faster are claimed only where they are sure", () => {
  assert.equal(clearChange(trend([1, 2, 3, 4])), null);
});

test("memory is spoken of where it moved, and a leak with its amounts", () => {
  const values = [1, 2, 3, 4, 5];
  assert.equal(
    memorySentence("The peak of GPU memory", trend(values, { slope_per_run: 2 ** 20 * 12 })),
    "The peak of GPU memory grew by 20 % over 5 runs, about 12 MB each run.",
  );
  assert.equal(memorySentence("The peak of GPU memory", trend(values, { is_certain: false })), "");
  assert.equal(
    leakSentence({ kind: "ram", bytes_per_run: 12 * 2 ** 20, total_bytes: 48 * 2 ** 20, run_ids: [2, 3, 4, 5] }),
    "keeps about 12 MB of main memory in every run and does not give it back: 48 MB over 4 runs.",
  );
});

test("each node has its median, its spread and its runs, the slowest first", () => {
  const node = (id, values, median) => ({ node_id: id, exec_time: trend(values, { median, is_certain: false }) });
  const rows = nodeStatistics([node("cached", [null], null), node("once", [1], 1), node("often", [3, null, 2], 2.5)]);
  assert.deepEqual(
    rows.map(({ node_id, median_s, least_s, most_s, run_count, change }) => [node_id, median_s, least_s, most_s, run_count, change]),
    [
      ["often", 2.5, 2, 3, 2, null],
      ["once", 1, null, null, 1, null],
      ["cached", null, null, null, 0, null],
    ],
  );
});

test("a range says a shared unit once", () => {
  const expected = [
    [0.118, 0.131, "118–131 ms"],
    [0.9, 1.8, "900 ms–1.8 s"],
    [50, 125, "50.0 s–2 min 5 s"],
    [1.21, 1.22, "1.2 s"],
    [null, 1, "n/a"],
  ];
  assert.deepEqual(expected.map(([least, most]) => range(least, most, seconds)), expected.map(([, , text]) => text));
});

test("a lasting change says since when, from what to what, and what changed there", () => {
  const point = { metric: "exec_time", run_id: 51, timestamp: "2026-05-31T12:00:00Z", before: 10, after: 12.1, share: 0.21, causes: [{ detail: "First nap: ms 700 -> 840", title: "" }] };
  assert.match(changeSentence(point), /^Since run 51 \(2026-05-31 .+\): active time 10\.0 s → 12\.1 s \(\+21 %\)\. Changed there: First nap: ms 700 -> 840$/);
  const many = { ...point, metric: "vram_max", before: 2 ** 30, after: 2 ** 31, causes: Array.from({ length: 5 }, (_, n) => ({ detail: `c${n}` })) };
  assert.match(changeSentence(many), /VRAM peak 1\.0 GB → 2\.0 GB .*c0; c1; c2 and 2 more$/);
  assert.equal(forecastText("total_time", { expected: 1.1, low: 1, high: 1.3 }), "1.1 s (1.0–1.3 s)");
  assert.equal(forecastText("total_time", { expected: null, reason: "Too few runs." }), "Too few runs.");
});
