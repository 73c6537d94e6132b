// The safety loop: remember the workflow, run, change it, be warned, decide.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { action, answer, build, dialog, endedRuns, launch, napping, openPage, openPanel, picture, runsOf, server } from "./page.mjs";

let browser;
let page;
before(async () => {
  browser = await launch();
  page = await openPage(browser);
  await openPanel(page);
});
after(() => browser?.close());
afterEach(() => assert.deepEqual(page.problems.splice(0), []));

const HOSTILE = "<img src=x onerror=alert(1)>";
const rename = (node, title) =>
  page.evaluate(([id, title]) => {
    app.rootGraph.getNodeById(id).title = title;
  }, [node, title]);
const referenceStored = async () => {
  const stored = page.waitForResponse((response) => response.url().endsWith("/update_nodes"));
  await action(page, "Update nodes").click();
  assert.equal((await stored).status(), 200);
};
const queued = () =>
  page.evaluate(() => fetch("/queue").then((response) => response.json()).then(({ queue_running, queue_pending }) => queue_running.length + queue_pending.length));

test("without a reference a run goes on; with one that matches too", async () => {
  const graph = await build(page, napping({ ms: 5 }));
  await action(page, "Run profile").click();
  const [first] = await endedRuns(page, graph.id, 1);
  assert.equal(first.status, "success");
  assert.equal(first.snapshot_match, "no reference");

  await referenceStored();
  await page.evaluate(() => {
    const [start] = app.rootGraph.nodes;
    start.pos = [start.pos[0] + 40, start.pos[1] + 40];
    app.rootGraph.nodes[2].widgets.find(({ name }) => name === "value").value = "another value";
  });
  await action(page, "Run profile").click();
  const [second] = await endedRuns(page, graph.id, 2);
  assert.equal(second.snapshot_match, "match", "positions and values are no changes");
  assert.equal(await dialog(page).count(), 0);
});

test("a changed graph is asked about; every answer does what it says; the forced run is marked", async () => {
  const graph = await build(page, napping({ ms: 5 }));
  await referenceStored();
  await rename(graph.ids.first, HOSTILE);
  await page.evaluate(() => {
    const node = LiteGraph.createNode("ProfilerTestPass");
    node.pos = [800, 400];
    app.rootGraph.add(node);
    const [, , first, second] = app.rootGraph.nodes;
    first.connect(0, node, node.findInputSlot("value"));
    node.connect(0, second, second.findInputSlot("value"));
  });

  await action(page, "Run profile").click();
  await dialog(page).waitFor();
  const text = await dialog(page).innerText();
  for (const words of ["added", "ProfilerTestPass", "rewired", "Second nap", "renamed", HOSTILE]) assert.ok(text.includes(words), words);
  assert.equal(await dialog(page).locator("img").count(), 0, "a title is text");
  await picture(page, "guard-dialog");

  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
  await action(page, "Run profile").click();
  await answer(page, "show").click();
  await page.waitForFunction(() => app.canvas.selectedItems.size === 3);
  assert.equal(await queued(), 0);
  assert.deepEqual(await runsOf(page, graph.id), []);

  await action(page, "Run profile").click();
  await answer(page, "force").click();
  const [forced] = await endedRuns(page, graph.id, 1);
  assert.equal(forced.forced, true);
  assert.equal(forced.snapshot_match, "mismatch");
  assert.equal((await server(page, `runs/${forced.id}`)).run.changes.length, 3);
  await page.locator(`tr[data-run-id="${forced.id}"] .hp-forced`).waitFor();

  await action(page, "Run profile").click();
  await answer(page, "update").click();
  const [updated] = await endedRuns(page, graph.id, 2);
  assert.deepEqual([updated.forced, updated.snapshot_match], [false, "match"]);

  await page.locator(`tr[data-run-id="${forced.id}"] .hp-name-line .hp-link`).click();
  await page.getByText("Forced: 3 changes against the reference").click();
  await page.getByText(`renamed: ${HOSTILE} #${graph.ids.first} First nap → ${HOSTILE}`).waitFor();
  await picture(page, "forced-run");
  await page.getByRole("button", { name: "Back" }).click();
});

test("with the keyboard alone: Ctrl+Enter, the answers by arrows, nothing leaks to ComfyUI", async () => {
  const graph = await build(page, napping({ ms: 5 }));
  await referenceStored();
  await rename(graph.ids.first, "Renamed");
  await page.locator("#graph-canvas").focus();
  await page.keyboard.press("Control+Enter");
  await dialog(page).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.dataset.answer), "update");
  await page.keyboard.press("Control+a");
  await page.keyboard.press("r");
  assert.equal(await page.evaluate(() => app.canvas.selectedItems.size), 0, "Ctrl+A stays in the dialog");
  assert.equal(await dialog(page).count(), 1);
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.answer), "force");
  await page.keyboard.press("Enter");
  const [run] = await endedRuns(page, graph.id, 1);
  assert.equal(run.forced, true);

  await page.locator("#graph-canvas").focus();
  await page.keyboard.press("Alt+Shift+U");
  await page.waitForFunction(() => document.querySelector(".hp-action-bar").dataset.reference === "match");
  await page.keyboard.press("Alt+Shift+R");
  const [matched] = await endedRuns(page, graph.id, 2);
  assert.equal(matched.snapshot_match, "match");
});

test("block refuses in the browser and for API clients, who may force", async () => {
  const graph = await build(page, napping({ ms: 5, on_mismatch: "block" }));
  await referenceStored();
  await rename(graph.ids.first, "Other");
  await action(page, "Run profile").click();
  await dialog(page).getByText("Blocked: the workflow has changed").waitFor();
  await answer(page, "cancel").click();
  assert.deepEqual(await runsOf(page, graph.id), []);

  const post = (force) =>
    page.evaluate(async (force) => {
      const { output, workflow } = await app.graphToPrompt();
      const response = await fetch("/prompt", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ prompt: output, extra_data: { extra_pnginfo: { workflow }, ...(force ? { holaf_profiler: { force: true } } : {}) } }),
      });
      return { status: response.status, message: (await response.json()).error?.message ?? "" };
    }, force);
  const refused = await post(false);
  assert.equal(refused.status, 400);
  assert.match(refused.message, /renamed: Other #\d+ First nap → Other/);
  assert.equal((await post(true)).status, 200);
  const [run] = await endedRuns(page, graph.id, 1);
  assert.equal(run.forced, true);

  await action(page, "Force run").click();
  assert.equal((await endedRuns(page, graph.id, 2))[0].forced, true, "the panel's Force run asks nothing");
});

test("a graph without a Start is queued as if there were no profiler, and the panel says what to do", async () => {
  const nodes = napping({ ms: 5 });
  delete nodes.start;
  delete nodes.report;
  const graph = await build(page, nodes);
  const asked = [];
  const hear = (request) => asked.push(new URL(request.url()).pathname);
  page.on("request", hear);
  await page.evaluate(() => app.queuePrompt(0, 1));
  page.off("request", hear);
  assert.ok(asked.some((path) => path.endsWith("/prompt")));
  assert.ok(!asked.some((path) => path.includes("/holaf/profiler/check")));
  assert.deepEqual(await runsOf(page, graph.id), []);

  await action(page, "Run profile").click();
  await page.locator(".hp-snack").getByText("no enabled Profiler Start").waitFor();
  await page.locator(".hp-snack").getByRole("button", { name: "Profile this workflow" }).click();
  await page.waitForFunction(() => app.rootGraph.nodes.filter(({ type }) => type.startsWith("HolafProfiler")).length === 2);
  await action(page, "Run profile").click();
  assert.equal((await endedRuns(page, graph.id, 1))[0].status, "success");
});
