// Keeping order in the history: tags, workflows by name, files of several runs, statistics and upkeep, and
// advice that one has heard; the panel as a window of its own.

import assert from "node:assert/strict";
import fs from "node:fs";
import { after, afterEach, before, test } from "node:test";

import { action, build, dialog, endedRuns, launch, napping, openPage, openPanel, picture, server, tab, widenSidebar } from "./page.mjs";

const RIG = `rig ${Date.now()}`; // a tag that no other run has

let browser;
let page;
let graph;
let runs; // newest first
before(async () => {
  browser = await launch();
  page = await openPage(browser, { height: 700 });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await openPanel(page);
  await widenSidebar(page, 700);
  graph = await build(page, {
    ...napping({ ms: 60 }),
    blank: { type: "EmptyImage", at: [500, 400], widgets: { width: 64, height: 64 } },
    save: { type: "SaveImage", at: [900, 400], from: { images: "blank" } },
  });
  for (let done = 1; done <= 2; done += 1) {
    await action(page, "Run profile").click();
    runs = await endedRuns(page, graph.id, done);
  }
  await row(runs[0]).waitFor();
});
after(() => browser?.close());
afterEach(() => assert.deepEqual(page.problems.splice(0), []));

const row = (run) => page.locator(`tr[data-run-id="${run.id}"]`);
const back = () => page.getByRole("button", { name: "Back", exact: true }).click();
const tick = async (...some) => {
  for (const run of some) await row(run).getByRole("checkbox").check();
};
const saved = async (choose) => {
  const [file] = await Promise.all([page.waitForEvent("download"), choose()]);
  return { name: file.suggestedFilename(), content: fs.readFileSync(await file.path()) };
};

test("a run has its workflow's name; several are tagged at once, and a tag or a workflow filters the list", async () => {
  const { workflow_name: name } = runs[0];
  assert.match(name, /^test \d+/, "the name that the page has for it");
  await row(runs[0]).locator(".hp-col-workflow_name").getByText(name, { exact: true }).waitFor();
  await tick(...runs);
  const height = () => page.evaluate((id) => document.querySelector(`tr[data-run-id="${id}"]`).getBoundingClientRect().y, runs[0].id);
  const place = await height();
  await page.getByLabel("Tag the selected runs").selectOption("new");
  await page.getByLabel("Tags, separated by commas").fill(`slow, "${RIG}"`);
  await page.keyboard.press("Enter");
  await row(runs[1]).getByRole("button", { name: RIG }).waitFor();
  assert.equal(await height(), place, "ticking moved nothing");
  await page.getByLabel("Tag the selected runs").selectOption("-slow");
  await row(runs[1]).getByRole("button", { name: "slow" }).waitFor({ state: "detached" });
  assert.deepEqual((await server(page, `runs/${runs[0].id}`)).run.tags, [RIG]);
  await page.getByRole("button", { name: "Clear the selection" }).click();

  await row(runs[0]).getByRole("button", { name: RIG }).click();
  await page.locator(".hp-pager").getByText("1–2 of 2 runs").waitFor();
  assert.equal(await page.getByLabel("Tag", { exact: true }).inputValue(), RIG);
  await row(runs[0]).click();
  await page.locator(".hp-tag-editor").getByRole("button", { name: `Remove ${RIG}` }).click();
  await page.locator(".hp-tag-editor").getByText(RIG).waitFor({ state: "detached" });
  await back();
  await page.locator(".hp-pager").getByText("1–1 of 1 run").waitFor(); // the filter is as it was left
  await page.getByRole("button", { name: "Clear", exact: true }).click();

  await page.getByLabel(/Search runs/).fill(name);
  await page.locator(".hp-pager").getByText("1–2 of 2 runs").waitFor();
  await page.getByLabel(/Search runs/).fill("");
  await page.getByRole("button", { name: "More filters" }).click();
  const options = await page.getByLabel("Workflow", { exact: true }).locator("option").allInnerTexts();
  assert.ok(options.some((text) => text.includes("(1,000)") || text.includes("(1000)")), `workflows of other pages: ${options}`);
});

test("several runs leave as one file; a comparison as csv and as Markdown on the clipboard", async () => {
  await tick(...runs);
  const file = await saved(() => page.getByLabel("Save the selected runs as").selectOption("history"));
  assert.equal(file.name, "2_runs.profile.db");
  assert.equal(file.content.subarray(0, 15).toString(), "SQLite format 3");
  await page.locator(".hp-selected").getByRole("button", { name: "Compare" }).click();
  const comparison = page.locator(".hp-compare");
  await comparison.getByText("Second nap").first().waitFor();
  const csv = await saved(() => comparison.getByLabel("Save as").selectOption("csv"));
  assert.equal(csv.name, `comparison_${[...runs].reverse().map(({ id }) => id).join("_")}.csv`);
  assert.match(csv.content.toString(), /node,\d+,Second nap,/);
  await comparison.getByRole("button", { name: "Copy as Markdown" }).click();
  await page.locator(".hp-snack").getByText("on the clipboard").waitFor();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /\| Second nap/);
  await back();
  await page.getByRole("button", { name: "Clear the selection" }).click();
});

test("sets of runs are compared each with each", async () => {
  await action(page, "Run profile").click();
  runs = await endedRuns(page, graph.id, 3);
  await server(page, `runs/${runs[0].id}`, { method: "PATCH", body: { tags: ["new"] } });
  await tick(...runs);
  await page.locator(".hp-selected").getByRole("button", { name: "Compare" }).click();
  await page.locator(".hp-compare .hp-field select").first().selectOption("run");
  const matrix = page.locator(".hp-matrix");
  await matrix.getByText("Second nap").waitFor();
  assert.equal(await matrix.locator("table").first().locator("tbody tr").count(), 3);
  await picture(page, "matrix");
  await page.locator(".hp-compare .hp-field select").first().selectOption("tag");
  await matrix.getByTitle("against new").waitFor();
  await back();
  await page.getByRole("button", { name: "Clear the selection" }).click();
});

test("shift ticks a range, several go and come back at once, and filters are kept under a name", async () => {
  await row(runs[0]).getByRole("checkbox").check();
  await row(runs[2]).getByRole("checkbox").click({ modifiers: ["Shift"] });
  await page.locator(".hp-selected").getByText("3 runs selected").waitFor();
  await page.locator(".hp-selected").getByRole("button", { name: "Delete" }).click();
  for (const run of runs) await row(run).waitFor({ state: "detached" });
  assert.deepEqual((await server(page, `runs?workflow=${graph.id}`)).runs, []);
  await page.locator(".hp-snack").getByRole("button", { name: "Undo" }).click();
  for (const run of runs) await row(run).waitFor();

  const saved = page.getByLabel("Saved filters");
  if (!(await saved.isVisible())) await page.getByRole("button", { name: "More filters" }).click();
  await page.getByLabel("Status").selectOption("failed");
  await saved.selectOption("save");
  await page.getByLabel("Name of these filters").fill("what failed");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await row(runs[0]).waitFor();
  await saved.selectOption("what failed");
  await row(runs[0]).waitFor({ state: "detached" });
  assert.equal(await page.getByLabel("Status").inputValue(), "failed");
  await saved.selectOption("drop:what failed");
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await row(runs[0]).waitFor();
});

test("a run says what it made, shows the picture, and where one came from is where Back leads", async () => {
  const view = page.locator(".hp-view");
  await row(runs[1]).scrollIntoViewIfNeeded();
  await page.waitForFunction(() => document.querySelector(".hp-view").scrollHeight > document.querySelector(".hp-view").clientHeight + 60);
  await view.evaluate((element) => element.scrollTo(0, 60));
  const scrolled = await view.evaluate((element) => element.scrollTop);
  assert.ok(scrolled > 0, "there is something to scroll");
  await row(runs[1]).click();
  await page.locator(".hp-story").getByText(/made 1 image/).waitFor();
  await page.locator(".hp-thumbnails img").scrollIntoViewIfNeeded(); // it is fetched when it is looked at
  await page.waitForFunction(() => document.querySelector(".hp-thumbnails img")?.naturalWidth === 64);
  await picture(page, "run-story");
  const down = await view.evaluate((element) => element.scrollTop);
  await page.getByRole("button", { name: "History", exact: true }).click();
  await page.locator(".hp-trend-point").first().waitFor();
  await back();
  await page.waitForFunction((top) => Math.abs(document.querySelector(".hp-view").scrollTop - top) < 2, down);
  await back();
  await row(runs[1]).waitFor();
  await page.waitForFunction((top) => document.querySelector(".hp-view").scrollTop === top, scrolled);
});

test("advice is dismissed for a workflow, undone, and brought back", async () => {
  const key = `${graph.id}:told`;
  const ids = [graph.ids.first, graph.ids.second];
  const actions = [{ kind: "select_nodes", node_ids: ids }, { kind: "add_to_group", node_ids: ids }, { kind: "compare_with", run_id: runs[1].id }];
  const advice = [{ kind: "told", severity: "low", confidence: "high", text: "Two nodes do the same.", key, node_ids: ids, saving_s: null, evidence: {}, actions }];
  await page.route("**/holaf/profiler/recommendations*", async (route) => {
    const { dismissed_advice: keys } = (await server(page, "settings")).settings;
    const shown = advice.filter((entry) => !keys.includes(entry.key));
    await route.fulfill({ json: { run_id: runs[0].id, recommendations: shown, dismissed: advice.length - shown.length } });
  });
  await row(runs[0]).click();
  const entry = page.locator(".hp-advice li");
  await entry.getByRole("button", { name: "Select them" }).click();
  await page.waitForFunction(() => app.canvas.selectedItems.size === 2);
  await entry.getByRole("button", { name: "Make a group" }).click();
  await entry.getByRole("button", { name: "Do not show this for this workflow" }).click();
  await entry.waitFor({ state: "detached" });
  await page.locator(".hp-snack").getByRole("button", { name: "Undo" }).click();
  await entry.getByRole("button", { name: "Do not show this for this workflow" }).click();
  await entry.waitFor({ state: "detached" });
  assert.deepEqual((await server(page, "settings")).settings.dismissed_advice, [key]);
  await page.getByRole("button", { name: "Bring back 1 that was dismissed" }).click();
  await entry.getByRole("button", { name: `Compare with run ${runs[1].id}` }).click();
  await page.locator(".hp-compare").getByText("Comparing 2 runs").waitFor();
  assert.deepEqual((await server(page, "settings")).settings.dismissed_advice, []);
  const { groups } = await server(page, `groups?workflow=${graph.id}`);
  assert.deepEqual(groups.map(({ members }) => members), [[graph.ids.first, graph.ids.second]]);
  await page.unroute("**/holaf/profiler/recommendations*");
});

test("an edit is followed by one look at the list, though its answer and the server's event both ask for one", async () => {
  await tab(page, "Runs");
  await row(runs[0]).waitFor();
  const asked = [];
  const note = (request) => /\/profiler\/runs\?.*offset=/.test(request.url()) && asked.push(request.url());
  page.on("request", note);
  for (const name of ["looked at once", "and once more"]) {
    await row(runs[0]).getByRole("button", { name: "Rename" }).click();
    await page.getByLabel("Name of the run").fill(name);
    await page.keyboard.press("Enter");
    await row(runs[0]).getByText(name).waitFor(); // a second look after the first edit comes before that of the next
  }
  page.off("request", note);
  assert.equal(asked.length, 2, asked.join("\n"));
});

test("statistics of the whole history; what is beyond a limit is counted before it goes; a reset wants its words", async () => {
  await tab(page, "Statistics");
  const view = page.locator(".hp-statistics");
  await view.locator("td").getByText("ProfilerTestSleep", { exact: true }).waitFor();
  await view.locator("td").getByText("profiler-test-nodes").waitFor();
  await view.locator(".hp-figure").getByText("Succeeded").waitFor();
  await view.locator(".hp-growth").waitFor();
  await view.getByText("Upkeep", { exact: true }).click();
  await view.getByLabel("Runs", { exact: true }).fill("1"); // the old runs are commented and stay
  await view.getByRole("button", { name: "Count" }).click();
  await view.getByText(/runs? would go, for good/).waitFor();
  await picture(page, "statistics");
  await view.getByLabel("Runs", { exact: true }).fill("1000000");
  await view.getByRole("button", { name: "Count" }).click();
  await view.getByText("Nothing is beyond that.").waitFor();

  const before = (await server(page, "runs?limit=1")).total;
  await view.getByRole("button", { name: "Delete the whole history…" }).click();
  await dialog(page).getByLabel("Type here").fill("delete");
  await dialog(page).getByRole("button", { name: "Delete everything" }).click();
  await page.locator(".hp-snack").getByText("Nothing was deleted").waitFor();
  assert.equal((await server(page, "runs?limit=1")).total, before);
  await tab(page, "Runs");
});

test("an edit is followed by one look at the list, though its answer and the server's event both ask for one", async () => {
  const looks = []; // of several edits: on a busy machine answer and event may be further apart than the panel waits
  for (let edit = 1; edit <= 4 && looks.at(-1) !== 1; edit += 1) {
    let asked = 0;
    const note = (request) => (asked += /\/profiler\/runs\?/.test(request.url()));
    await row(runs[0]).getByRole("button", { name: "Rename" }).click();
    await page.getByLabel("Name of the run").fill(`looked at ${edit}`);
    page.on("request", note);
    await page.keyboard.press("Enter");
    await row(runs[0]).getByText(`looked at ${edit}`).waitFor();
    await page.waitForTimeout(500);
    page.off("request", note);
    looks.push(asked);
  }
  assert.equal(looks.at(-1), 1, looks.join(", "));
});

test("the panel as a window of its own is in step with the page, talks to its canvas, and outlives a reload of it", async () => {
  const [other] = await Promise.all([page.context().waitForEvent("page"), page.getByRole("button", { name: "Own window" }).click()]);
  const problems = [];
  other.on("pageerror", (error) => problems.push(error.stack));
  const otherRow = other.locator(`tr[data-run-id="${runs[0].id}"]`);
  await otherRow.waitFor();
  await row(runs[0]).getByRole("button", { name: "Rename" }).click();
  await page.getByLabel("Name of the run").fill("in step");
  await page.keyboard.press("Enter");
  await otherRow.getByText("in step").waitFor();
  await otherRow.click();
  await page.evaluate(() => app.canvas.deselectAll());
  await other.locator(".hp-steps-table .hp-link").getByText("Second nap").click();
  await page.waitForFunction((id) => [...app.canvas.selectedItems].some((node) => String(node.id) === id), graph.ids.second);
  await picture(other, "own-window");
  await page.reload();
  await other.locator(".hp-panel").waitFor({ state: "detached" });
  await other.locator(".hp-panel").waitFor();
  assert.deepEqual(problems, []);
  await other.close();
});
