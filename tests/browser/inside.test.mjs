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
  const all = (disabled) => page.locator(".hp-flame").getByRole("button", { name: "Show all", disabled });
  await page.keyboard.press("Enter");
  await all(false).waitFor();
  await page.keyboard.press("Escape");
  await all(true).waitFor();
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

test("a node that is stuck says in which function and for how long", async () => {
  await build(page, napping({ ms: 6000, title: "Long nap" }));
  await action(page, "Run profile").click();
  const now = page.locator(".hp-live-now");
  await now.getByText(/^Long nap · in .*run \(profiler-test-nodes\) for [2-9](\.\d)? s$/).waitFor();
  await picture(page, "stuck");
  await now.getByText(/^Second nap · in .*run \(profiler-test-nodes\) for [2-9](\.\d)? s$/).waitFor();
  await page.locator(".hp-last").waitFor();
});

test("operators of the slowest node, with the shapes of their inputs", async () => {
  const blurring = (start) => ({
    start: { type: "HolafProfilerStart", widgets: { cache: "re-run", ...start } },
    report: { type: "HolafProfilerReport" },
    image: { type: "EmptyImage", widgets: { width: 512, height: 512 } },
    blur: { type: "ImageBlur", title: "Blur", widgets: { blur_radius: 31 }, from: { image: "image" } },
    preview: { type: "PreviewImage", from: { images: "blur" } },
  });
  const graph = await build(page, blurring({}));
  await action(page, "Run profile").click();
  await endedRuns(page, graph.id, 1);
  await page.evaluate(() => {
    const { widgets } = app.rootGraph.nodes.find(({ type }) => type === "HolafProfilerStart");
    for (const [name, value] of [["inside", "kernels"], ["inside_shapes", true]]) widgets.find((widget) => widget.name === name).value = value;
  });
  await action(page, "Run profile").click();
  const [recorded] = await endedRuns(page, graph.id, 2);
  await tab(page, "Runs");
  await page.locator(`tr[data-run-id="${recorded.id}"] .hp-name-line .hp-link`).click();
  const operators = page.locator("details", { hasText: /^Operators inside Blur #\d+/ });
  await operators.getByText("1x3x574x574, 3x1x63x63").first().waitFor();
  assert.match(await page.locator("section[aria-label='Inside the nodes'] table").first().innerText(), /ComfyUI/);
  await operators.scrollIntoViewIfNeeded();
  await picture(page, "operators");
});
