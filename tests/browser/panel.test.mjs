// The panel: history, one run, comparison, several runs in a row.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { COMFYUI_URL, action, build, endedRuns, launch, napping, openPage, openPanel, overflowing, picture, reload, runsOf, server, tab } from "./page.mjs";

const HOSTILE = '<img src=x onerror="alert(1)">';

let browser;
let page;
let graph;
before(async () => {
  browser = await launch();
  page = await openPage(browser);
  await openPanel(page);
  graph = await build(page, napping({ ms: 200, title: HOSTILE, run_name: HOSTILE }));
});
after(() => browser?.close());
afterEach(() => assert.deepEqual(page.problems.splice(0), []));

const rows = () => page.locator(".hp-runs-table tbody tr");
const row = (run) => page.locator(`tr[data-run-id="${run.id}"]`);
const back = () => page.getByRole("button", { name: "Back", exact: true }).click();
const open = async (run) => {
  await row(run).locator(".hp-name-line .hp-link").click();
  await page.locator(".hp-steps-table").waitFor();
};
const filters = async () => {
  const button = page.getByRole("button", { name: "More filters" });
  if ((await button.getAttribute("aria-expanded")) === "false") await button.click();
};
const showThisWorkflow = async () => {
  await tab(page, "Runs");
  await filters();
  await page.getByLabel("Workflow", { exact: true }).selectOption("this");
};

test("Run x 3 queues a warm-up and three runs, counts them, and ends in their median and interval", async () => {
  await page.locator(".hp-times").fill("3");
  await page.locator(".hp-times").blur();
  await action(page, "Run ×").click();
  await page.locator(".hp-live-head").waitFor();
  await page.locator(".hp-repeat").getByText(/of 3 runs done/).waitFor();
  await page.locator(".hp-repeat-end").getByText(/^3 runs done\. Median \d.*\(.+–.+\)\./).waitFor();
  const runs = await endedRuns(page, graph.id, 4);
  assert.deepEqual(runs.map(({ status }) => status), ["success", "success", "success", "success"]);
  await page.locator(".hp-last").getByRole("button", { name: "Open" }).waitFor();

  await page.locator(".hp-repeat").getByRole("button", { name: "Compare with…" }).click();
  await page.locator(".hp-selected").getByText("3 runs selected").waitFor();
  await page.getByRole("button", { name: "Clear the selection" }).click();
  await page.locator(".hp-repeat").getByRole("button", { name: "Dismiss" }).click();
  await page.locator(".hp-repeat").waitFor({ state: "hidden" });
});

test("Cancel ends the series and stops the run that is going on", async () => {
  await page.evaluate(() => {
    for (const node of app.rootGraph.nodes) {
      const ms = node.widgets?.find(({ name }) => name === "ms");
      if (ms) ms.value = 20;
    }
    const slow = LiteGraph.createNode("ProfilerTestInterruptibleSleep");
    slow.widgets.find(({ name }) => name === "ms").value = 300_000;
    slow.title = "Long nap";
    slow.pos = [1100, 300];
    app.rootGraph.add(slow);
    const show = LiteGraph.createNode("ProfilerTestShow");
    show.pos = [1400, 300];
    app.rootGraph.add(show);
    slow.connect(0, show, show.findInputSlot("value"));
  });
  const before = (await runsOf(page, graph.id)).length;
  await action(page, "Run ×").click();
  await page.locator(".hp-live-now").getByText("Long nap").waitFor();
  await picture(page, "live");
  await reload(page); // the series is ComfyUI's: the page that began it is gone
  await openPanel(page);
  await page.locator(".hp-repeat").getByText("Warm-up 1 of 1").waitFor();
  await page.locator(".hp-repeat").getByRole("button", { name: "Cancel" }).click();
  await page.locator(".hp-repeat-end").getByText("Cancelled after 0 runs.").waitFor();
  const runs = await endedRuns(page, graph.id, before + 1);
  assert.equal(runs.length, before + 1, "nothing more was queued");
  assert.equal(runs[0].status, "interrupted");
  await page.evaluate(() => {
    for (const node of app.rootGraph.nodes.slice(-2)) app.rootGraph.remove(node);
  });
});

test("a run is renamed, commented, pinned; a step commented; all of it is there after a reload", async () => {
  await showThisWorkflow();
  const [run] = (await runsOf(page, graph.id)).filter(({ status }) => status === "success");
  assert.equal(await rows().locator("img").count(), 0);
  await row(run).getByText(HOSTILE).waitFor();

  await row(run).getByRole("button", { name: "Rename" }).click();
  await page.getByLabel("Name of the run").fill("warm <b>run</b>");
  await page.keyboard.press("Enter");
  await row(run).getByText("warm <b>run</b>").waitFor();
  await row(run).getByRole("button", { name: "Pin as baseline" }).click();
  await row(run).getByRole("button", { name: "Unpin" }).waitFor();
  assert.deepEqual(await overflowing(page, ".hp-runs *"), [], "the change against the baseline has its place");

  await open(run);
  const saved = page.waitForResponse((response) => response.request().method() === "PATCH" && response.url().includes("/runs/"));
  await page.getByLabel("Comment on this run").fill("kept\nfor later");
  await page.getByLabel("Comment on this run").blur();
  assert.equal((await saved).status(), 200);
  const step = page.locator(`.hp-steps-table tr[data-node-id="${graph.ids.first}"]`);
  assert.equal(await step.locator("img").count(), 0);
  await step.locator(".hp-comment button").click();
  await page.getByLabel("Comment on this step").fill("sleeps");
  await page.keyboard.press("Enter");
  await step.getByText("sleeps").waitFor();

  await reload(page);
  await openPanel(page);
  await showThisWorkflow();
  await row(run).getByText("warm <b>run</b>").waitFor();
  await open(run);
  assert.equal(await page.getByLabel("Comment on this run").inputValue(), "kept\nfor later");
  await step.getByText("sleeps").waitFor();
  await page.locator(".hp-timeline-canvas").waitFor();
  await picture(page, "run");
});

test("columns are chosen and kept; steps filtered by time, type and group", async () => {
  const headers = () => page.locator(".hp-steps-table th").allInnerTexts();
  await page.getByText("Columns", { exact: true }).click();
  await page.getByLabel("CPU max").check();
  await page.getByLabel("Share").uncheck();
  assert.ok((await headers()).includes("CPU max"));
  assert.ok(!(await headers()).includes("Share"));
  while (!(await server(page, "settings")).settings.step_columns.includes("cpu_max")) await page.waitForTimeout(100);

  const shown = () => page.locator(".hp-steps-table tbody tr").count();
  assert.equal(await shown(), 3);
  const [run] = (await runsOf(page, graph.id)).filter(({ status }) => status === "success");
  const times = (await server(page, `runs/${run.id}`)).steps.filter(({ role }) => role === "node").map(({ exec_time }) => exec_time);
  const [, middle] = times.sort((a, b) => a - b);
  await page.getByLabel("Shortest time to show").fill(`${middle * 1000} ms`);
  await page.getByLabel("Shortest time to show").blur();
  await page.waitForFunction(() => document.querySelectorAll(".hp-steps-table tbody tr").length === 2);
  await page.getByLabel("Shortest time to show").fill("");
  await page.getByLabel("Shortest time to show").blur();
  await page.getByRole("combobox", { name: "Type" }).selectOption("ProfilerTestShow");
  assert.equal(await shown(), 1);

  await reload(page);
  await openPanel(page);
  await showThisWorkflow();
  await open((await runsOf(page, graph.id)).find(({ status }) => status === "success"));
  assert.ok((await headers()).includes("CPU max"), "the choice outlives the page");
  await back();
});

const baseline = async () => (await page.locator(".hp-compare .hp-check input:checked").evaluateAll((boxes) => boxes.map(({ value }) => Number(value)))).sort((a, b) => a - b);

test("two runs are compared node by node against the pinned one", async () => {
  await showThisWorkflow();
  const runs = (await runsOf(page, graph.id)).filter(({ status }) => status === "success");
  for (const run of runs.slice(0, 3)) await row(run).getByRole("checkbox").check();
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  const comparison = page.locator(".hp-compare");
  await comparison.getByText("Comparing 3 runs").waitFor();
  assert.deepEqual(await baseline(), [runs.find(({ pinned }) => pinned).id]);
  assert.match(await comparison.locator(".hp-headline").innerText(), /against 1 run/);
  await comparison.locator("td").getByText("Second nap").waitFor();
  await comparison.locator("td").getByText(HOSTILE).waitFor();
  assert.equal(await comparison.locator("img").count(), 0);
  const other = runs.slice(0, 3).find(({ pinned }) => !pinned).id;
  await comparison.locator(`input[value="${other}"]`).check();
  await comparison.getByText(/1 run against 2 runs/).waitFor();
  assert.ok((await baseline()).includes(other));
  await picture(page, "compare");
  await back();
});

test("a comparison shows what each side ran on", async () => {
  await page.route("**/holaf/profiler/runs/compare?*", async (route) => {
    const response = await route.fetch();
    const json = await response.json();
    json.changes.push({ kind: "environment", node_id: null, title: "torch.version", before: "2.10", after: "2.11", detail: "torch.version: 2.10 -> 2.11" });
    await route.fulfill({ response, json });
  });
  await showThisWorkflow();
  const runs = (await runsOf(page, graph.id)).filter(({ status }) => status === "success");
  for (const run of runs.slice(0, 2)) if (!(await row(run).getByRole("checkbox").isChecked())) await row(run).getByRole("checkbox").check();
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  const changed = page.locator(".hp-compare details").filter({ hasText: "What changed" });
  await changed.locator("li").getByText("torch.version: 2.10 -> 2.11").waitFor();
  await page.unroute("**/holaf/profiler/runs/compare?*");
  await back();
});

test("two pinned runs are the baseline together, also after a refresh", async () => {
  await showThisWorkflow();
  const runs = (await runsOf(page, graph.id)).filter(({ status }) => status === "success");
  const other = runs.find(({ pinned }) => !pinned);
  const pin = (pinned) => server(page, `runs/${other.id}`, { method: "PATCH", body: { pinned } });
  await pin(true);
  for (const run of runs.slice(0, 3)) await row(run).getByRole("checkbox").check();
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  const both = runs.slice(0, 3).filter(({ pinned, id }) => pinned || id === other.id).map(({ id }) => id).sort((a, b) => a - b);
  const chosen = page.locator(".hp-compare details").filter({ hasText: "Baseline:" });
  await chosen.waitFor();
  assert.deepEqual(await baseline(), both);
  const again = page.waitForResponse((response) => response.url().includes("/runs/compare"));
  await server(page, `runs/${other.id}`, { method: "PATCH", body: { name: "renamed meanwhile" } });
  await again;
  await chosen.getByText(/renamed meanwhile/).first().waitFor({ state: "attached" });
  assert.deepEqual(await baseline(), both);
  await pin(false);
  await back();
});

test("a button that is drawn anew while it is pressed still does what it says", async () => {
  await showThisWorkflow();
  const [run] = await runsOf(page, graph.id);
  const button = row(run).getByRole("button", { name: "Rename" });
  await button.hover();
  const before = await button.elementHandle();
  await page.mouse.down();
  await server(page, `runs/${run.id}`, { method: "PATCH", body: { name: "from elsewhere" } });
  await page.waitForFunction((element) => !element.isConnected, before);
  await page.mouse.up();
  await page.getByLabel("Name of the run").waitFor();
  await page.keyboard.press("Escape");
});

test("a deleted run comes back with Undo", async () => {
  await showThisWorkflow();
  const [run] = await runsOf(page, graph.id);
  await row(run).getByRole("button", { name: "Delete" }).click();
  await row(run).waitFor({ state: "detached" });
  assert.ok(!(await runsOf(page, graph.id)).some(({ id }) => id === run.id));
  await page.locator(".hp-snack").getByRole("button", { name: "Undo" }).click();
  await row(run).waitFor();
});

test("a second tab sees what the first one edits, and its runs", async () => {
  const other = await page.context().newPage();
  await other.goto(COMFYUI_URL);
  await other.waitForFunction(() => window.app?.extensionManager?.getSidebarTabs?.().some(({ id }) => id === "holaf-profiler"));
  await openPanel(other);
  const [run] = await runsOf(page, graph.id);
  const otherRow = other.locator(`tr[data-run-id="${run.id}"]`);
  await otherRow.waitFor();
  await row(run).getByRole("button", { name: "Rename" }).click();
  await page.getByLabel("Name of the run").fill("seen in both");
  await page.keyboard.press("Enter");
  await otherRow.getByText("seen in both").waitFor();
  await otherRow.getByRole("button", { name: "Rename" }).click();
  await other.getByLabel("Name of the run").fill("the last one wins");
  await other.keyboard.press("Enter");
  await row(run).getByText("the last one wins").waitFor();

  await action(page, "Run profile").click();
  await other.locator(".hp-last").getByRole("button", { name: "Open" }).waitFor();
  await other.close();
});

test("a history of 1,000 runs: first page, sorting, paging, search, filters", async () => {
  const total = (await server(page, "runs?limit=1")).total;
  assert.ok(total > 1000, `the history holds ${total} runs; test_browser.py imports a thousand`);
  await tab(page, "Groups");
  await tab(page, "Runs");
  await filters();
  await page.getByLabel("Workflow", { exact: true }).selectOption(""); // filters stay when one comes back to them
  await page.locator(".hp-pager").getByText(/of 1,\d+ runs/).waitFor();

  const rowsShown = (count) => page.waitForFunction((count) => document.querySelectorAll(".hp-runs-table tbody tr").length === count, count);
  await rowsShown(50);
  const sorted = page.waitForResponse((response) => response.url().includes("sort=-total_time"));
  await page.getByLabel("Order").selectOption("-total_time");
  const times = (await (await sorted).json()).runs.map(({ total_time }) => total_time);
  assert.deepEqual(times, [...times].sort((a, b) => b - a));
  await page.getByRole("button", { name: "Next page" }).click();
  await page.locator(".hp-pager").getByText(/^51–100 of/).waitFor();
  await rowsShown(50);

  await page.getByLabel(/Search runs/).fill("imported 077");
  await page.waitForFunction(() => {
    const names = [...document.querySelectorAll(".hp-runs-table .hp-name-line .hp-link")].map((link) => link.textContent);
    return names.length === 11 && names.every((name) => name.includes("077")); // 0077, 0770 to 0779
  });
  await picture(page, "thousand-runs");
  await page.getByLabel(/Search runs/).fill("no run is called like this");
  await page.getByText("No run matches these filters.").waitFor();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await filters();
  await page.getByLabel("Status").selectOption("interrupted");
  await page.waitForFunction(() => [...document.querySelectorAll(".hp-runs-table [class*=hp-status-]")].every((chip) => chip.textContent === "stopped"));
  await page.getByLabel("Status").selectOption("");
  await page.getByLabel("To this day").fill("2020-01-02");
  await page.locator(".hp-pager").getByText(/of \d+ runs/).waitFor();
  assert.equal(await page.locator(".hp-empty").count(), 0);
});
