import assert from "node:assert/strict";
import { test } from "node:test";

import * as walk from "../../js/comfy/graph.js";
import * as members from "../../js/nodes/members.js";

const node = (id, type, more = {}) => ({ id, type, title: type, mode: 0, pos: [0, 0], size: [200, 100], ...more });

function graph() {
  const inner = { nodes: [node("3", "KSampler"), node("4", "VAEDecode")], groups: [{ title: "Inner", _bounding: [-10, -50, 400, 300] }] };
  return {
    nodes: [
      node(1, "HolafProfilerStart", { widgets: [{ name: "enabled", value: true }] }),
      node("7", "subgraph", { subgraph: inner }),
      node("8", "subgraph", { subgraph: inner, mode: 2 }),
      node("9", "SaveImage", { pos: [1000, 0] }),
    ],
    groups: [{ title: "Output", _bounding: [900, -100, 500, 400] }],
  };
}

test("nodes inside subgraphs carry their path", () => {
  assert.deepEqual([...walk.walk(graph())].map(({ id }) => id), ["1", "7", "7:3", "7:4", "8", "8:3", "8:4", "9"]);
});

test("an enabled Start is found; muted, bypassed and switched off ones are not", () => {
  const root = graph();
  assert.equal(walk.hasEnabledStart(root), true);
  root.nodes[0].mode = 4;
  assert.equal(walk.hasEnabledStart(root), false);
  root.nodes[0].mode = 0;
  root.nodes[0].widgets[0].value = false;
  assert.equal(walk.hasEnabledStart(root), false);
  root.nodes[2].subgraph.nodes.push(node("5", "HolafProfilerStart"));
  assert.equal(walk.hasEnabledStart(root), true, "the unmuted use of the subgraph still runs it");
  root.nodes[1].mode = 2;
  assert.equal(walk.hasEnabledStart(root), false);
});

test("a canvas group holds the nodes whose middle lies in it, in subgraphs too", () => {
  const root = graph();
  const groups = walk.canvasGroups(root);
  assert.deepEqual(groups.map(({ title }) => title), ["Output", "Inner"]);
  const ids = ({ graph: where, group }) => walk.executionIds(root, walk.nodesInCanvasGroup(where, group));
  assert.deepEqual(ids(groups[0]), ["9"]);
  assert.deepEqual(ids(groups[1]), ["7:3", "7:4", "8:3", "8:4"]);
});

test("members are lines; adding and removing keeps the others", () => {
  assert.deepEqual(members.parseMembers(" 3 \r\n\n*Loader*\n3"), ["3", "*Loader*"]);
  assert.equal(members.addMembers("3\nTitle", ["3", "7:3"]), "3\nTitle\n7:3");
  assert.equal(members.removeMember("3\nTitle\n7:3", "Title"), "3\n7:3");
});

test("a line names nodes by id, parent, title, class or pattern", () => {
  const nodes = [
    { id: "3", title: "My Sampler", type: "KSampler" },
    { id: "7:3", title: "a*b", type: "UNETLoader" },
    { id: "17", title: "<img onerror>", type: "VAELoader" },
  ];
  const matches = (line) => members.matchMembers([line], nodes)[0].nodes.map(({ id }) => id);
  assert.deepEqual(matches("3"), ["3"]);
  assert.deepEqual(matches("#7"), ["7:3"]);
  assert.deepEqual(matches("my sampler"), ["3"]);
  assert.deepEqual(matches("KSampler"), ["3"]);
  assert.deepEqual(matches("ksampler"), [], "class names are exact");
  assert.deepEqual(matches("*Loader"), ["7:3", "17"]);
  assert.deepEqual(matches("<img onerror>"), ["17"]);
  assert.deepEqual(matches("."), [], "a dot is a dot, no pattern");
  assert.deepEqual(matches("nothing"), []);
  const moved = [{ id: "9:5", title: "A", type: "X" }, { id: "7:3", title: "B", type: "X" }, { id: "2:3", title: "C", type: "X" }];
  const among = (line) => members.matchMembers([line], moved)[0].nodes.map(({ id }) => id);
  assert.deepEqual([among("5"), among("#5"), among("3")], [["9:5"], ["9:5"], []], "moved into a subgraph, where only one can be meant");
});
