// The panel beside the example workflow: node take_screenshots.mjs WORKFLOW.json PICTURE.png
// take_screenshots.py says with its variables where ComfyUI is and in which language its page is to be.

import fs from "node:fs";

import { launch, look, openPage, openPanel, widenSidebar } from "../browser/page.mjs";

const [, , workflow, picture] = process.argv;
const browser = await launch();
const page = await openPage(browser, { settings: { "Comfy.Locale": process.env.COMFYUI_LOCALE ?? "en" } });
await page.evaluate((graph) => app.loadGraphData(graph), JSON.parse(fs.readFileSync(workflow, "utf8")));
await openPanel(page);
await widenSidebar(page, 620);
await page.locator(".hp-panel tbody .hp-link").first().click();
await page.locator(".hp-timeline-canvas").first().waitFor();
await look(page, ["KSampler", "HolafProfilerReport"]);
await page.waitForTimeout(1500);
await page.screenshot({ path: picture });
await browser.close();
