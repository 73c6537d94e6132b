// The flame's layout: merging, folding, order, search, keys, and that 50,000 frames are quick.

import assert from "node:assert/strict";
import { test } from "node:test";

import { flameOf, frameAt, labelOf, neighbour, ownerColor, rowOf, search } from "../../js/timeline/flame_layout.js";
import { flameColors, paintFlame } from "../../js/timeline/flame_paint.js";

const STACKS = {
  owners: [["core", "ComfyUI"], ["pack", "Extra"], ["interpreter", "Python"]],
  functions: [
    ["sample", "comfy/samplers.py", 10, 0, false],
    ["<b>patched</b>", "extra/x.py", 3, 1, false],
    ["inner", "contextlib.py", 80, 2, true],
    ["attention", "comfy/attention.py", 7, 0, false],
  ],
  trees: [
    // sample -> inner -> attention, sample -> attention, sample -> patched
    { node_id: "3", thread: "", functions: [0, 2, 3, 3, 1], parents: [-1, 0, 1, 0, 0], self_s: [1, 0.5, 2, 3, 4] },
    { node_id: "8", thread: "", functions: [3], parents: [-1], self_s: [20] },
    { node_id: "3", thread: "worker", functions: [1], parents: [-1], self_s: [9] },
  ],
};
const nameOf = (flame, frame) => labelOf(flame, flame.label[frame]).name;
const named = (flame, row) => rowOf(flame, row).map((frame) => [nameOf(flame, frame), flame.total[frame], flame.start[frame]]);

test("nodes stand at the top, the longest first, and what they call below them", () => {
  const flame = flameOf(STACKS, { titles: { 3: "KSampler", 8: "VAE Decode" }, fold: false });
  assert.deepEqual(named(flame, 0), [["VAE Decode #8", 20, 0], ["KSampler #3", 10.5, 20]]);
  assert.deepEqual(named(flame, 1), [["attention", 20, 0], ["sample", 10.5, 20]]);
  assert.deepEqual(named(flame, 2), [["<b>patched</b>", 4, 20], ["attention", 3, 24], ["inner", 2.5, 27]]);
  assert.equal(flame.duration, 30.5);
});

test("wrappers fold into their callers, and what they called is merged", () => {
  const flame = flameOf(STACKS, { nodeIds: new Set(["3"]) });
  assert.deepEqual(named(flame, 2), [["attention", 5, 0], ["<b>patched</b>", 4, 5]]);
  const sample = rowOf(flame, 1)[0];
  assert.equal(flame.self[sample], 1.5);
  assert.equal(flame.total[sample], 10.5);
});

test("worker threads come in when asked for", () => {
  const flame = flameOf(STACKS, { nodeIds: new Set(["3"]), threads: true });
  assert.deepEqual(named(flame, 0).map(([name]) => name), ["node #3", "node #3 · worker"]);
});

test("what is under the pointer", () => {
  const flame = flameOf(STACKS, { nodeIds: new Set(["3"]) });
  const at = (row, time) => nameOf(flame, frameAt(flame, row, time));
  assert.equal(at(2, 4.9), "attention");
  assert.equal(at(2, 5.1), "<b>patched</b>");
  assert.equal(frameAt(flame, 2, 9.5), -1);
  assert.equal(frameAt(flame, 9, 1), -1);
});

test("search counts nested matches once and looks at files and owners too", () => {
  const flame = flameOf(STACKS, {});
  assert.equal(search(flame, "  ATTENTION").seconds, 25);
  assert.equal(search(flame, "comfyui").seconds, 30.5);
  assert.equal(search(flame, "extra").seconds, 4);
  assert.equal(search(flame, "").found.size, 0);
});

test("arrow keys lead to callers, callees and neighbours", () => {
  const flame = flameOf(STACKS, { nodeIds: new Set(["3"]) });
  const first = neighbour(flame, -1, "ArrowDown");
  const sample = neighbour(flame, first, "ArrowDown");
  const attention = neighbour(flame, sample, "ArrowDown");
  const patched = neighbour(flame, attention, "ArrowRight");
  assert.equal(nameOf(flame, patched), "<b>patched</b>");
  assert.equal(neighbour(flame, patched, "ArrowRight"), patched);
  assert.equal(neighbour(flame, patched, "ArrowUp"), sample);
});

test("a pack keeps its colour, which is no other owner's", () => {
  assert.equal(ownerColor("pack", "Extra"), ownerColor("pack", "Extra"));
  assert.notEqual(ownerColor("pack", "Extra"), ownerColor("core", "ComfyUI"));
});

test("nothing sampled is an empty flame", () => {
  const flame = flameOf({ owners: [], functions: [], trees: [] });
  assert.deepEqual([flame.count, flame.duration, flame.rowCount], [0, 0, 0]);
});

test("900 calls deep", () => {
  const count = 900;
  const tree = { node_id: "1", thread: "", functions: Array(count).fill(0), parents: Array.from({ length: count }, (_, at) => at - 1), self_s: Array(count).fill(0.001) };
  const flame = flameOf({ ...STACKS, trees: [tree] });
  assert.equal(flame.rowCount, count + 1);
});

test("only what is a pixel wide is painted and laid out below; the rest is one rectangle that says how many", () => {
  const narrow = 1000;
  const tree = { node_id: "1", thread: "", functions: [0, ...Array(narrow).keys()], parents: [-1, ...Array(narrow).fill(0)], self_s: [0, ...Array(narrow).fill(0.0005)] };
  tree.functions.push(0, 1);
  tree.parents.push(0, 1);
  tree.self_s.push(0.5, 0);
  const functions = Array.from({ length: narrow }, (_, number) => [`f${number}`, "f.py", number, 0, false]);
  const flame = flameOf({ ...STACKS, functions, trees: [tree] }, { fold: false });
  const texts = [];
  const context = new Proxy({ fillText: (text) => texts.push(text) }, { get: (target, name) => target[name] ?? (() => {}), set: () => true });
  const painted = paintFlame(context, flame, { from: 0, to: flame.duration, top: 0, width: 500, height: 300 }, { matches: new Set(), selected: -1, hover: -1 }, flameColors(""));
  assert.deepEqual(texts, ["node #1", "f0", "f0", "+1000"]);
  assert.equal(painted, 4);
  assert.equal(flame.ordered.filter(Boolean).length, 4, "nothing is put in order below what cannot be seen");
});
