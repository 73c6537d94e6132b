// The panel beside the example workflow: node take_screenshots.mjs WORKFLOW.json PICTURE.png
// take_screenshots.py says with its variables where ComfyUI is and in which language its page is to be.

import fs from "node:fs";

import { launch, openPage, openPanel, widenSidebar } from "../browser/page.mjs";

const [, , workflow, picture] = process.argv;
const browser = await launch();
const page = await openPage(browser, { settings: { "Comfy.Locale": process.env.COMFYUI_LOCALE ?? "en", "Comfy.Minimap.Visible": false } });
await page.evaluate((graph) => app.loadGraphData(graph), JSON.parse(fs.readFileSync(workflow, "utf8")));
await openPanel(page);
await widenSidebar(page, 620);
await page.locator(".hp-panel tbody .hp-link").first().click();
await page.locator(".hp-timeline-canvas").first().waitFor();
await page.waitForFunction(() => document.querySelector(".hp-report-pictures img")?.naturalWidth > 0);
await page.waitForTimeout(1000); // the node has grown to its picture
// the whole graph beside the panel, as large as it fits
await page.evaluate(() => {
  const boxes = app.rootGraph.nodes.map(({ pos, size }) => [pos[0], pos[1] - 40, pos[0] + size[0], pos[1] + size[1]]);
  const [left, top] = [0, 1].map((side) => Math.min(...boxes.map((box) => box[side])));
  const [right, bottom] = [2, 3].map((side) => Math.max(...boxes.map((box) => box[side])));
  const { ds, canvas } = app.canvas;
  const view = canvas.getBoundingClientRect();
  const from = document.querySelector(".hp-panel").getBoundingClientRect().right - view.left + 24;
  const above = 64; // ComfyUI's own buttons
  ds.scale = Math.min((view.width - from - 24) / (right - left), (view.height - above - 24) / (bottom - top));
  ds.offset[0] = from / ds.scale - left;
  ds.offset[1] = above / ds.scale - top;
  app.canvas.setDirty(true, true);
});
await page.waitForTimeout(1500);
await page.screenshot({ path: picture });
await browser.close();
