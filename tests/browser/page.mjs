// A real Chromium with a real ComfyUI in it, and short words for what people do there.
// COMFYUI_URL says where ComfyUI listens, CHROMIUM_PATH and NODE_MODULES where the
// browser and playwright-core lie: test_browser.py sets all three. CJK_FONTS is a fontconfig file
// with a font for Chinese, Japanese and Korean, where one could be had.

import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const HERE = path.dirname(fileURLToPath(import.meta.url));
const PICTURES = path.join(HERE, "..", "out", "browser");

export const COMFYUI_URL = process.env.COMFYUI_URL;
export const TIMEOUT_MS = 60_000; // for machines with much else to do

const PREFERENCES = { step_columns: [], step_sort: "-exec_time", run_sort: "-timestamp", minimum_time_s: 0, run_count: 3, panel: {} };

export async function launch() {
  const require = createRequire(path.join(process.env.NODE_MODULES, "any.js"));
  const { chromium } = require("playwright-core");
  const env = process.env.CJK_FONTS ? { ...process.env, FONTCONFIG_FILE: process.env.CJK_FONTS } : process.env;
  return chromium.launch({ executablePath: process.env.CHROMIUM_PATH, args: FLAGS, env });
}

/** Whether two signs look different on the page: without a font for them both are the same box. */
export const areDrawn = (page, one, other) =>
  page.evaluate((signs) => {
    const [a, b] = signs.map((sign) => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 32, height: 32 });
      const pen = canvas.getContext("2d");
      pen.font = `24px ${getComputedStyle(document.querySelector(".hp-panel")).fontFamily}`;
      pen.fillText(sign, 2, 26);
      return canvas.toDataURL();
    });
    return a !== b;
  }, [one, other]);

/** A page on ComfyUI, ready, with its errors collected in `page.problems`. */
export async function openPage(browser, { width = 1400, height = 900, light = false, nodes2 = false, settings = {} } = {}) {
  const context = await browser.newContext({ viewport: { width, height } });
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(error.stack ?? String(error)));
  page.on("dialog", (dialog) => {
    if (dialog.type() === "beforeunload") return dialog.accept(); // ComfyUI's "unsaved changes"
    page.problems.push(`a browser dialog opened: ${dialog.message()}`);
    return dialog.dismiss();
  });
  await context.request.post(`${COMFYUI_URL}/api/settings`, {
    data: {
      "Comfy.TutorialCompleted": true,
      "Comfy.UseNewMenu": "Top",
      "Comfy.Locale": "en",
      "Comfy.ColorPalette": light ? "light" : "dark",
      "Comfy.VueNodes.Enabled": nodes2,
      "Comfy.Workflow.Persist": true,
      ...settings,
    },
  });
  await server(page, "settings", { method: "PUT", body: PREFERENCES });
  await page.goto(COMFYUI_URL);
  await ready(page);
  return page;
}

export async function ready(page) {
  await page.waitForFunction(
    () => window.app?.rootGraph?.nodes && window.app.extensionManager?.getSidebarTabs?.().some(({ id }) => id === "holaf-profiler"),
  );
}

export async function reload(page) {
  // ComfyUI writes the open workflow into the browser's storage a moment after each change.
  await page.waitForFunction(() => [localStorage, sessionStorage].some((kept) => Object.values({ ...kept }).some((text) => text.includes(app.rootGraph.id))));
  await page.waitForTimeout(1000);
  await page.reload();
  await ready(page);
}

/**
 * Put a new graph on the canvas. `nodes`: `{key: {type, title, at, widgets, from: {input: key}}}`,
 * in order; `groups`: `{title: [x, y, width, height]}`. Every graph has an id of its own.
 */
export async function build(page, nodes, groups = {}) {
  const graph = await page.evaluate(
    async ({ nodes, groups }) => {
      await app.loadGraphData({ id: crypto.randomUUID(), version: 0.4, nodes: [], links: [], groups: [] }, true, true, `test ${Date.now()}`);
      const made = {};
      let index = 0;
      for (const [key, { type, title, at, widgets = {}, from = {} }] of Object.entries(nodes)) {
        const node = LiteGraph.createNode(type);
        if (!node) throw new Error(`no node class ${type}`);
        node.pos = at ?? [100 + 300 * (index % 8), 100 + 260 * Math.floor(index / 8)];
        if (title) node.title = title;
        app.rootGraph.add(node);
        for (const [name, value] of Object.entries(widgets)) node.widgets.find((widget) => widget.name === name).value = value;
        for (const [name, source] of Object.entries(from)) made[source].connect(0, node, node.findInputSlot(name));
        made[key] = node;
        index += 1;
      }
      for (const [title, bounds] of Object.entries(groups)) {
        const group = new LiteGraph.LGraphGroup(title);
        group._bounding.set(bounds);
        app.rootGraph.add(group);
      }
      return { id: app.rootGraph.id, ids: Object.fromEntries(Object.entries(made).map(([key, node]) => [key, String(node.id)])) };
    },
    { nodes, groups },
  );
  await page.waitForFunction((id) => app.rootGraph.id === id, graph.id);
  return graph;
}

/** A small workflow that takes a moment: two nodes that sleep, one that shows. */
export function napping({ ms = 120, title = "First nap", ...start } = {}) {
  return {
    start: { type: "HolafProfilerStart", at: [50, 60], widgets: { cache: "re-run", ...start } },
    report: { type: "HolafProfilerReport", at: [50, 480] },
    first: { type: "ProfilerTestSleep", title, at: [500, 60], widgets: { value: "a", ms } },
    second: { type: "ProfilerTestSleep", title: "Second nap", at: [800, 60], widgets: { ms }, from: { value: "first" } },
    show: { type: "ProfilerTestShow", title: "Show", at: [1100, 60], from: { value: "second" } },
  };
}

export async function openPanel(page) {
  if (!(await page.locator(".hp-panel").count())) {
    await page.evaluate(() => app.extensionManager.sidebarTab.toggleSidebarTab("holaf-profiler"));
  }
  await page.locator(".hp-view > section").waitFor(); // the preferences are there
}

/** Drag the sidebar's edge until the panel has this much room. */
export async function widenSidebar(page, width) {
  const gutter = await page.locator(".p-splitter-gutter").first().boundingBox();
  const left = (await page.locator(".hp-panel").boundingBox()).x;
  const y = gutter.y + gutter.height / 2;
  await page.mouse.move(gutter.x + gutter.width / 2, y);
  await page.mouse.down();
  await page.mouse.move(left + width + 12, y, { steps: 5 });
  await page.mouse.up();
}

export const action = (page, name) => page.locator(".hp-actions").getByRole("button", { name, exact: true });
export const dialog = (page) => page.locator("dialog.hp-dialog");
export const answer = (page, id) => dialog(page).locator(`[data-answer=${id}]`);
export const tab = (page, name) => page.locator(".hp-tabs").getByRole("button", { name, exact: true }).click();

/** What the server says. */
export async function server(page, route, { method = "GET", body } = {}) {
  const response = await page.request.fetch(`${COMFYUI_URL}/holaf/profiler/${route}`, { method, data: body });
  if (!response.ok()) throw new Error(`${method} ${route}: ${response.status()} ${await response.text()}`);
  return response.json();
}

export const runsOf = async (page, workflowId) => (await server(page, `runs?workflow=${workflowId}&limit=200`)).runs;

/** Wait until so many runs of this workflow have ended; returns them, newest first. */
export async function endedRuns(page, workflowId, count) {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const runs = (await runsOf(page, workflowId)).filter(({ status }) => status !== "running");
    if (runs.length >= count) return runs;
    if (Date.now() > deadline) throw new Error(`${runs.length} of ${count} runs ended in time`);
    await page.waitForTimeout(100);
  }
}

/** Keep a picture to look at, below tests/out. */
export async function picture(page, name) {
  fs.mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
}

/** Descendants of `selector` that stick out of the panel; wide tables scroll on their own. Waits until there are none. */
export async function overflowing(page, selector) {
  const found = () =>
    page.evaluate((selector) => {
      const { left, right } = document.querySelector(".hp-panel").getBoundingClientRect();
      return [...document.querySelectorAll(selector)]
        .filter((element) => element.checkVisibility() && !element.closest(".hp-scroll-x") && !element.closest(".hp-sr"))
        .filter((element) => element.getBoundingClientRect().right > right + 1 || element.getBoundingClientRect().left < left - 1)
        .map((element) => element.outerHTML.slice(0, 120));
    }, selector);
  for (const until = Date.now() + TIMEOUT_MS / 6; Date.now() < until && (await found()).length; ) await page.waitForTimeout(100);
  return found();
}

/** Bring nodes into view and let the canvas settle. */
export async function look(page, types) {
  await page.evaluate((types) => {
    const nodes = app.rootGraph.nodes.filter((node) => types.includes(node.type));
    app.canvas.selectItems(nodes);
    app.canvas.fitViewToSelectionAnimated({ duration: 1 });
    app.canvas.deselectAll();
  }, types);
  await page.waitForTimeout(400);
}
