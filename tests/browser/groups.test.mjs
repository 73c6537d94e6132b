// Groups: in the panel and on the Group node, by selection and by canvas group.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { action, build, endedRuns, launch, look, napping, openPage, openPanel, picture, server, tab } from "./page.mjs";

let browser;
let page;
before(async () => {
  browser = await launch();
  page = await openPage(browser);
  await openPanel(page);
});
after(() => browser?.close());
afterEach(() => assert.deepEqual(page.problems.splice(0), []));

const BOX = { "The naps": [480, 0, 560, 260] };
const select = (ids) =>
  page.evaluate((ids) => app.canvas.selectItems(ids.map((id) => app.rootGraph.getNodeById(id))), ids);
const groupsOf = async (graph) => (await server(page, `groups?workflow=${graph.id}`)).groups;
const totals = async (run) => Object.fromEntries((await server(page, `runs/${run.id}`)).groups.map((group) => [group.name, group]));
const widget = (type, name) =>
  page.evaluate(([type, name]) => app.rootGraph.nodes.find((node) => node.type === type).widgets.find((widget) => widget.name === name).value, [type, name]);

test("groups made after a run total it at once: by selection, by canvas group, then edited", async () => {
  const graph = await build(page, napping({ ms: 30 }), BOX);
  await action(page, "Run profile").click();
  const [run] = await endedRuns(page, graph.id, 1);
  await tab(page, "Groups");
  await page.getByText("No groups for this workflow yet.").waitFor();

  await page.getByRole("button", { name: "From selected nodes", exact: true }).click();
  await page.locator(".hp-snack").getByText("Nothing is selected").waitFor();
  await select([graph.ids.first, graph.ids.start]);
  await page.getByRole("button", { name: "From selected nodes", exact: true }).click();
  await page.locator(".hp-group").waitFor();
  const [selected] = await groupsOf(graph);
  assert.deepEqual(selected.members, [graph.ids.first], "profiler nodes are never members");

  await page.getByRole("button", { name: "From canvas group" }).click();
  await page.locator("dialog").getByRole("button", { name: "The naps" }).click();
  await page.locator(".hp-group").nth(1).waitFor();
  const boxed = (await groupsOf(graph)).find(({ name }) => name === "The naps");
  assert.deepEqual([...boxed.members].sort(), [graph.ids.first, graph.ids.second].sort());

  const card = page.locator(`[data-group-id="${selected.id}"]`);
  await card.getByLabel("Name of the group").fill("<b>first</b>");
  await card.getByLabel("Name of the group").blur();
  await card.getByLabel("Description").fill("the first nap only");
  await card.getByLabel("Description").blur();
  await card.getByLabel("Colour").evaluate((input) => {
    input.value = "#d55e00";
    input.dispatchEvent(new Event("change"));
  });
  await page.waitForFunction(
    async ([url, id]) => {
      const { groups } = await (await fetch(url)).json();
      const group = groups.find((entry) => entry.id === id);
      return group.name === "<b>first</b>" && group.description === "the first nap only" && group.color.toLowerCase() === "#d55e00";
    },
    [`/holaf/profiler/groups?workflow=${graph.id}`, selected.id],
  );

  const steps = (await server(page, `runs/${run.id}`)).steps;
  const time = (id) => steps.find(({ node_id }) => node_id === id).exec_time;
  const close = (value, expected) => assert.ok(Math.abs(value - expected) < 1e-6, `${value} is not ${expected}`);
  const before = await totals(run);
  close(before["<b>first</b>"].exec_time, time(graph.ids.first));
  close(before["The naps"].exec_time, time(graph.ids.first) + time(graph.ids.second));

  await select([graph.ids.second]);
  await card.getByRole("button", { name: "Add selected nodes" }).click();
  await card.locator(".hp-member").nth(1).waitFor();
  close((await totals(run))["<b>first</b>"].exec_time, time(graph.ids.first) + time(graph.ids.second));
  await card.getByRole("button", { name: "Remove First nap" }).click();
  await card.locator(".hp-member").nth(1).waitFor({ state: "detached" });
  close((await totals(run))["<b>first</b>"].exec_time, time(graph.ids.second));
  await picture(page, "groups");

  await card.locator(".hp-member").hover();
  await page.locator(".hp-highlight > div").waitFor();
  await tab(page, "Runs");
  await page.locator(`tr[data-run-id="${run.id}"] .hp-name-line .hp-link`).click();
  await page.locator(".hp-groups-table").getByText("<b>first</b>").waitFor();
  await page.getByRole("combobox", { name: "Group" }).selectOption("<b>first</b>");
  await page.waitForFunction(() => document.querySelectorAll(".hp-steps-table tbody tr").length === 1);
  await page.getByRole("button", { name: "Back", exact: true }).click();

  await tab(page, "Groups");
  await card.getByRole("button", { name: "Delete this group" }).click();
  await card.waitFor({ state: "detached" });
  await page.locator(".hp-snack").getByRole("button", { name: "Undo" }).click();
  await page.locator(".hp-group").nth(1).waitFor();
  assert.deepEqual((await groupsOf(graph)).map(({ name }) => name).sort(), ["<b>first</b>", "The naps"]);
  await tab(page, "Runs");
});

for (const nodes2 of [false, true]) {
  test(`the Group node fills itself from the canvas (${nodes2 ? "Nodes 2.0" : "legacy canvas"})`, async () => {
    await page.evaluate((on) => app.extensionManager.setting.set("Comfy.VueNodes.Enabled", on), nodes2);
    const nodes = { ...napping({ ms: 5 }), group: { type: "HolafProfilerGroup", at: [500, 420] } };
    const graph = await build(page, nodes, BOX);
    await look(page, ["HolafProfilerGroup", "ProfilerTestSleep"]);
    const box = page.locator(".hp-group-node");
    await box.waitFor();

    await select([graph.ids.second, graph.ids.group]);
    await box.getByRole("button", { name: "Add selected nodes" }).click();
    assert.equal(await widget("HolafProfilerGroup", "members"), graph.ids.second);
    await box.getByText("Second nap").waitFor();

    await box.getByRole("button", { name: "From canvas group" }).click();
    await page.locator("dialog").getByRole("button", { name: "The naps" }).click();
    assert.equal(await widget("HolafProfilerGroup", "canvas_group"), "The naps");
    assert.equal(await widget("HolafProfilerGroup", "name"), "The naps", "an empty name takes the box's");
    await box.getByText("Box “The naps”: 2 nodes").waitFor();
    await box.locator(".hp-member").getByText("First nap").hover();
    await page.locator(".hp-highlight > div").waitFor();
    await picture(page, `group-node-${nodes2 ? "nodes2" : "legacy"}`);
    await page.mouse.move(700, 880);

    await action(page, "Run profile").click();
    const [run] = await endedRuns(page, graph.id, 1);
    assert.equal((await totals(run))["The naps"].step_count, 2);

    await box.getByRole("button", { name: "Remove Second nap" }).click();
    assert.equal(await widget("HolafProfilerGroup", "members"), "");
  });
}

test("the panel shows what the Group node says now, and neither writes over the other", async () => {
  await page.evaluate(() => app.extensionManager.setting.set("Comfy.VueNodes.Enabled", false));
  const nodes = { ...napping({ ms: 5 }), group: { type: "HolafProfilerGroup", at: [500, 420], widgets: { name: "Naps" } } };
  const graph = await build(page, nodes);
  const set = (name, value) =>
    page.evaluate(([name, value]) => {
      const node = app.rootGraph.nodes.find(({ type }) => type === "HolafProfilerGroup");
      const widget = node.widgets.find((each) => each.name === name);
      widget.value = value;
      widget.callback?.(value);
    }, [name, value]);
  await set("members", graph.ids.first);
  await action(page, "Run profile").click();
  await endedRuns(page, graph.id, 1);
  await set("members", `${graph.ids.first}\n${graph.ids.second}`); // not run since
  await set("name", "Both naps");
  await tab(page, "Groups");
  const card = page.locator(".hp-group");
  await card.getByText("Second nap").waitFor();
  assert.equal(await card.getByLabel("Name of the group").inputValue(), "Both naps");
  await card.getByLabel("Description").fill("said in the panel");
  await card.getByLabel("Description").blur();
  while ((await widget("HolafProfilerGroup", "description")) !== "said in the panel") await page.waitForTimeout(50);
  assert.equal(await widget("HolafProfilerGroup", "members"), `${graph.ids.first}\n${graph.ids.second}`);
  await card.getByRole("button", { name: "Remove First nap" }).click();
  while ((await widget("HolafProfilerGroup", "members")) !== graph.ids.second) await page.waitForTimeout(50);
  assert.equal(await widget("HolafProfilerGroup", "name"), "Both naps");
  await tab(page, "Runs");
});

test("members stay members when their nodes are converted into a subgraph", async () => {
  const graph = await build(page, { ...napping({ ms: 5 }), group: { type: "HolafProfilerGroup", at: [500, 420], widgets: { name: "Naps" } } });
  await page.evaluate((members) => (app.rootGraph.nodes.find(({ type }) => type === "HolafProfilerGroup").widgets.find(({ name }) => name === "members").value = members), `${graph.ids.first}\n${graph.ids.second}`);
  await server(page, "groups", { method: "POST", body: { name: "In the panel", members: [graph.ids.first], workflow_id: graph.id } });
  await page.evaluate((ids) => {
    app.rootGraph.convertToSubgraph(new Set(ids.map((id) => app.rootGraph.getNodeById(id))));
  }, [graph.ids.first, graph.ids.second]);
  await action(page, "Run profile").click();
  const [run] = await endedRuns(page, graph.id, 1);
  const found = await totals(run);
  assert.equal(found.Naps.step_count, 2);
  assert.equal(found["In the panel"].step_count, 1);
  await tab(page, "Groups");
  await page.locator(".hp-group").first().getByText("First nap").waitFor();
  assert.equal(await page.locator(".hp-member-missing").count(), 0);
  await tab(page, "Runs");
});
