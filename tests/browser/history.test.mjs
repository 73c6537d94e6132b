// What several runs of one workflow teach: what to try, and how the runs developed.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { action, build, endedRuns, launch, openPage, openPanel, overflowing, picture, server, widenSidebar } from "./page.mjs";

const LONG = `${"A very long title of a node that says everything about it ".repeat(3)}<b>!</b>`;
const RUNS = 5;

let browser;
let page;
let graph;
let runs; // newest first
before(async () => {
  browser = await launch();
  page = await openPage(browser);
  await openPanel(page);
  // Always runs anew, so the nap behind it does the same work again in each run.
  graph = await build(page, {
    start: { type: "HolafProfilerStart", at: [50, 60], widgets: { cache: "keep" } },
    report: { type: "HolafProfilerReport", at: [50, 480] },
    always: { type: "ProfilerTestAlways", at: [500, 60], widgets: { value: "a" } },
    nap: { type: "ProfilerTestSleep", title: LONG, at: [800, 60], widgets: { ms: 260 }, from: { value: "always" } },
    show: { type: "ProfilerTestShow", at: [1100, 60], from: { value: "nap" } },
  });
  for (let done = 0; done < RUNS; done += 1) {
    await action(page, "Run profile").click();
    runs = await endedRuns(page, graph.id, done + 1);
  }
});
after(() => browser?.close());
afterEach(() => assert.deepEqual(page.problems.splice(0), []));

const advice = () => page.locator(".hp-advice");
const points = () => page.locator(".hp-trend-point");
const readout = () => page.locator(".hp-trend-readout");
const openRun = async (run) => {
  await page.locator(".hp-tabs").getByRole("button", { name: "Runs", exact: true }).click();
  await page.locator(`tr[data-run-id="${run.id}"] .hp-name-line .hp-link`).click();
  await page.locator(".hp-steps-table").waitFor();
};
const openHistory = async (run) => {
  await openRun(run);
  await page.getByRole("button", { name: "History", exact: true }).click();
  await points().first().waitFor();
};
const shownRun = (run) => page.locator(".hp-run-title").getByText(new RegExp(`· ${run.id}$`)).waitFor();

/** Whatever sticks out of a panel so wide. */
async function sticksOut(width) {
  await page.evaluate((width) => (document.querySelector(".hp-panel").style.width = `${width}px`), width);
  return overflowing(page, ".hp-advice *, .hp-history *");
}

test("a run says what to try, and the node it speaks of is found on the canvas", async () => {
  const found = (await server(page, `recommendations?run=${runs[0].id}`)).recommendations;
  const again = found.find(({ kind }) => kind === "never_cached");
  assert.deepEqual(again?.node_ids, [graph.ids.nap], `it ran again for nothing: ${JSON.stringify(found)}`);

  await openRun(runs[0]);
  const item = advice().locator("li").filter({ hasText: "ran again in 3 runs in a row" });
  await item.getByText(/could save up to [\d.]+ m?s, \d+ % of this run/).waitFor();
  assert.equal(await item.locator("b").count(), 0);
  await item.locator(".hp-link").click();
  assert.deepEqual(await page.evaluate(() => [...app.canvas.selectedItems].map(({ id }) => String(id))), [graph.ids.nap]);
});

test("what can be done about advice is done with one click", async () => {
  const [newest] = runs;
  const oldest = runs.at(-1);
  const ids = [graph.ids.always, graph.ids.nap];
  const actions = [
    { kind: "select_nodes", node_ids: ids, run_id: null },
    { kind: "add_to_group", node_ids: ids, run_id: null },
    { kind: "pin_baseline", node_ids: [], run_id: oldest.id },
    { kind: "compare_with", node_ids: [], run_id: oldest.id },
  ];
  const entry = { kind: "slower", severity: "medium", text: "It was faster.", node_ids: ids, saving_s: null, key: "a:slower", actions };
  await page.route("**/recommendations*", (route) => route.fulfill({ json: { run_id: newest.id, dismissed: 0, recommendations: [entry] } }));
  await openRun(newest);
  const press = (name) => advice().getByRole("button", { name, exact: true }).click();
  await press("Select them");
  assert.deepEqual(await page.evaluate(() => [...app.canvas.selectedItems].map(({ id }) => String(id)).sort()), ids.sort());
  await press("Make a group");
  await page.locator(".hp-groups-table").getByText("Group from advice").waitFor();
  const pinned = page.waitForResponse((response) => response.request().method() === "PATCH");
  await press(`Pin run ${oldest.id} as baseline`);
  assert.equal((await (await pinned).json()).run.pinned, true);
  await server(page, `runs/${oldest.id}`, { method: "PATCH", body: { pinned: false } });
  await press(`Compare with run ${oldest.id}`);
  await page.locator(".hp-compare .hp-headline").waitFor();
  await page.unroute("**/recommendations*");
});

test("where there is nothing to try there is nothing to see", async () => {
  const answered = page.waitForResponse((response) => response.url().includes("/recommendations"));
  const [oldest] = runs.slice(-1);
  await page.route("**/recommendations*", (route) => route.fulfill({ json: { run_id: oldest.id, recommendations: [] } }));
  await openRun(oldest);
  await answered;
  await page.locator(".hp-timeline-canvas").waitFor();
  assert.equal(await advice().isVisible(), false);
  await page.unroute("**/recommendations*");
});

test("the history has a point for each run; pointing, keys and a click find and open runs", async () => {
  const [newest, , middle] = runs;
  const oldest = runs.at(-1);
  await openHistory(middle);
  assert.equal(await points().count(), RUNS);
  const current = page.locator(".hp-trend-point[aria-current=true]");
  assert.match(await current.getAttribute("aria-label"), new RegExp(`^Run ${middle.id}, \\d{4}-.*, [\\d.]+ m?s`));
  await readout().getByText("this run").waitFor();
  await page.locator(".hp-history").locator(".hp-headline").getByText(/5 runs so far/).waitFor();

  await points().last().hover();
  await readout().getByText(`Run ${newest.id}`).waitFor();
  await current.focus();
  await page.keyboard.press("Home");
  await readout().getByText(`Run ${oldest.id}`).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("tabindex")), "0");
  await page.keyboard.press("Enter");
  await shownRun(oldest);

  await openHistory(oldest);
  await points().last().click();
  await shownRun(newest);
  await openHistory(newest);
  await page.getByRole("button", { name: "Back", exact: true }).click();
  await shownRun(newest);
});

test("the nodes are listed by their median, with spread and number of runs", async () => {
  await openHistory(runs[0]);
  const rows = page.locator(".hp-history .hp-node-statistics tbody tr");
  assert.match(await rows.first().innerText(), /^A very long title/);
  const [, median, spread, count] = await rows.first().locator("td").allInnerTexts();
  assert.match(median, /^[2-9]\d\d ms$/);
  assert.match(spread, /^[2-9]\d\d( ms)?(–[\d.]+)? m?s$/);
  assert.equal(count, String(RUNS));
  await rows.first().getByRole("button").click();
  assert.deepEqual(await page.evaluate(() => [...app.canvas.selectedItems].map(({ id }) => String(id))), [graph.ids.nap]);
});

test("a run that ends while one looks becomes a point, and the focus stays", async () => {
  await openHistory(runs[0]);
  await page.locator(".hp-trend-point[aria-current=true]").focus();
  await page.evaluate(() => app.queuePrompt(0, 1));
  await page.waitForFunction((count) => document.querySelectorAll(".hp-trend-point").length === count, RUNS + 1);
  assert.match(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), new RegExp(`^Run ${runs[0].id},`));
});

test("advice and history fit a narrow and a wide panel, dark and light", async () => {
  await widenSidebar(page, 700);
  for (const palette of ["dark", "light"]) {
    await page.evaluate((palette) => app.extensionManager.setting.set("Comfy.ColorPalette", palette), palette);
    for (const width of [300, 700]) {
      await openRun(runs[0]);
      await advice().locator("li").first().waitFor();
      assert.deepEqual(await sticksOut(width), []);
      await picture(page, `advice-${palette}-${width}`);
      await openHistory(runs[0]);
      assert.deepEqual(await sticksOut(width), []);
      await picture(page, `history-${palette}-${width}`);
    }
  }
});
