// The inside of nodes in the panel: the flame, whose code it was, the bundle and its import.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { action, build, endedRuns, launch, napping, openPage, openPanel, picture, tab, widenSidebar } from "./page.mjs";

let browser;
let page;
let run;
before(async () => {
  browser = await launch();
  page = await openPage(browser);
  await openPanel(page);
  const graph = await build(page, napping({ ms: 900, title: "<b>Nap</b>", run_name: "looked into" }));
  await action(page, "Run profile").click();
  [run] = await endedRuns(page, graph.id, 1);
  await tab(page, "Runs");
  await page.locator(`tr[data-run-id="${run.id}"] .hp-name-line .hp-link`).click();
  await page.locator(".hp-flame-canvas").waitFor();
});
after(() => browser?.close());
afterEach(() => assert.deepEqual(page.problems.splice(0), []));

const readout = () => page.locator(".hp-flame-readout").innerText();

test("the flame shows the nodes, tells what is under the pointer and zooms by keys", async () => {
  const canvas = page.locator(".hp-flame-canvas");
  await canvas.scrollIntoViewIfNeeded();
  await canvas.hover({ position: { x: 8, y: 9 } });
  assert.match(await readout(), /(<b>Nap<\/b>|Second nap) #\d+ · \d/);
  await canvas.focus();
  for (const key of ["ArrowDown", "ArrowDown"]) await page.keyboard.press(key);
  await page.mouse.move(1, 1);
  assert.match(await readout(), /run.*work\.py:\d+ · profiler-test-nodes/);
  const all = page.locator(".hp-flame").getByRole("button", { name: "Show all" });
  await page.keyboard.press("Enter");
  await page.waitForTimeout(100);
  await page.keyboard.press("Escape");
  await page.waitForTimeout(100);
  assert.ok(await all.isDisabled());
  await picture(page, "inside_dark");
});

test("a search says how much time matches", async () => {
  await page.locator(".hp-flame input[type=search]").fill("work.py");
  assert.match(await readout(), /\(\d+ %\) in what matches/);
  await page.locator(".hp-flame input[type=search]").fill("no such thing");
  assert.equal(await readout(), "Nothing matches.");
  await page.locator(".hp-flame input[type=search]").fill("");
});

test("whose code took the time", async () => {
  await page.getByText("Whose code took the time").waitFor();
  assert.match(await page.locator("section[aria-label='Inside the nodes'] table").first().innerText(), /profiler-test-nodes/);
});

test("a bundle is saved and comes back through Import", async () => {
  await page.getByText("Report a problem").click();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save bundle" }).click();
  const file = await (await download).path();
  await tab(page, "Runs");
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await (await chooser).setFiles({ name: "bundle.zip", mimeType: "application/zip", buffer: (await import("node:fs")).readFileSync(file) });
  await page.locator(".hp-snack").getByText(/was here already/).waitFor(); // the run is its own: known by its UUID
});

test("narrow and wide", async () => {
  await page.locator(`tr[data-run-id="${run.id}"] .hp-name-line .hp-link`).click();
  await page.locator(".hp-flame-canvas").waitFor();
  for (const width of [300, 700]) {
    await widenSidebar(page, width);
    await page.locator(".hp-flame-canvas").scrollIntoViewIfNeeded();
    await picture(page, `inside_${width}`);
  }
});
