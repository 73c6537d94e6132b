// The timeline's layout: rows, samples a pixel, zooming, and what a stretch comes to.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as layout from "../../js/timeline/layout.js";

const node = (id, start_s, end_s, extra = {}) => ({
  id,
  title: `Node ${id}`,
  status: "ok",
  start_s,
  end_s,
  exec_time: end_s - start_s,
  segments: [["run", start_s, end_s]],
  ...extra,
});

test("nodes that overlap stand on rows of their own; cached ones and those that never ran have no bar", () => {
  const { bars, rows } = layout.arrange([node("1", 0, 2), node("2", 1, 3), node("3", 2, 4), node("4", null, null), node("5", 0, 1, { status: "cached" })]);
  assert.deepEqual(bars.map(({ node: { id }, row }) => [id, row]), [["1", 0], ["2", 1], ["3", 0]]);
  assert.equal(rows, 2);
});

test("sections: a node of two groups stands in both, nodes inside a subgraph under its title", () => {
  const data = { nodes: [node("1", 0, 1, { groups: ["A", "B"] }), node("7:3", 1, 2)], groups: { A: "#111111", B: "#222222" }, subgraphs: { 7: "Upscale" } };
  assert.deepEqual(layout.sectionsOf(data, "group").map(({ name, nodes }) => [name, nodes.map(({ id }) => id)]), [["", ["7:3"]], ["A", ["1"]], ["B", ["1"]]]);
  assert.deepEqual(layout.sectionsOf(data, "subgraph").map(({ name }) => name), ["", "Upscale"]);
  const open = layout.stack(layout.sectionsOf(data, "group"), new Set());
  const folded = layout.stack(layout.sectionsOf(data, "group"), new Set(["A"]));
  assert.ok(folded.height < open.height);
});

test("a pixel shows the least and the most of the samples on it, a value stands until the next, nothing before the first", () => {
  const series = { t_s: [1, 1.1, 1.2, 5], value: [10, 90, 20, 30] };
  const { low, high } = layout.columnsOf(series, 0, 10, 10);
  assert.ok(Number.isNaN(high[0]));
  assert.deepEqual([low[1], high[1]], [10, 90]);
  assert.deepEqual([low[3], high[3]], [20, 20]);
  assert.deepEqual([low[5], high[5]], [20, 30]);
  assert.ok(Number.isNaN(high[7]), "nothing is claimed after the last sample");
  const inside = layout.columnsOf(series, 2, 4, 4);
  assert.deepEqual([...inside.high], [20, 20, 20, 20], "zoomed in between two samples the value stands");
});

test("zooming keeps the moment under the pointer and never leaves the run", () => {
  const view = layout.zoomed([0, 100], 25, 0.5, 100);
  assert.deepEqual(view, [12.5, 62.5]);
  assert.deepEqual(layout.zoomed([0, 100], 25, 4, 100), [0, 100]);
  assert.deepEqual(layout.clampView([-5, 5], 100), [0, 10]);
  assert.deepEqual(layout.clampView([95, 105], 100), [90, 100]);
});

test("a stretch adds up only what lies in it, by work and not by waiting", () => {
  const data = {
    nodes: [node("1", 0, 4), node("2", 3, 9, { segments: [["run", 3, 4], ["expand", 4, 8], ["run", 8, 9]] })],
    lanes: [{ unit: "bytes", series: [{ label: "RAM", t_s: [0, 4, 8], value: [10, 30, 10] }] }],
  };
  const sum = layout.sumStretch(data, 2, 8);
  assert.deepEqual(sum.nodes.map(({ node: { id }, time_s }) => [id, time_s]), [["1", 2], ["2", 1]]);
  const [ram] = sum.lanes;
  assert.equal(ram.most, 30);
  assert.ok(Math.abs(ram.mean - (10 * 2 + 30 * 4) / 6) < 1e-9);
});

test("the axis counts in steps of 1, 2, 5 and whole minutes", () => {
  assert.deepEqual(layout.ticks(0, 10, 500).at, [0, 2, 4, 6, 8, 10]);
  assert.equal(layout.ticks(0, 3600, 500).step, 600);
  assert.equal(layout.ticks(1, 1.001, 500).at.length > 3, true);
});
