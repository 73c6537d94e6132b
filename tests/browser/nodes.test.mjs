// The Report on the canvas in both renderers, badges, menus, both themes, large graphs.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { COMFYUI_URL, action, build, endedRuns, launch, look, napping, openPage, openPanel, picture, reload, server, widenSidebar } from "./page.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const BADGES = "Holaf.Profiler.Badges";
const table = (page) => page.locator(".hp-report-node .hp-report-table");
/** The one picture on the node is as wide as the node and begins with the headline, which no other text repeats. */
async function headlineOnce(page, headline) {
  const shown = page.locator(".hp-report-pictures img");
  await page.waitForFunction((source) => new RegExp(source).test(document.querySelector(".hp-report-pictures img")?.alt), headline.source);
  await page.waitForFunction(() => document.querySelector(".hp-report-pictures img").naturalWidth > 1000);
  assert.equal(await shown.count(), 1);
  const [image, node] = await page.evaluate(() => [".hp-report-pictures img", ".hp-report-node"].map((part) => document.querySelector(part).getBoundingClientRect().toJSON()));
  assert.ok(image.width > 0.94 * node.width, `${image.width} of ${node.width}`);
  assert.equal(await page.locator(".hp-report-headline").count(), 0);
  assert.equal(await page.locator(".lg-node img:not(.hp-report-pictures img)").count(), 0, "ComfyUI shows no second picture");
}
const setting = (page, id, value) => page.evaluate(([id, value]) => app.extensionManager.setting.set(id, value), [id, value]);

for (const { nodes2, light, name } of [
  { nodes2: false, light: false, name: "legacy, dark" },
  { nodes2: true, light: true, name: "Nodes 2.0, light" },
]) {
  test(`the Report shows picture and table, after a tab switch and a reload too; badges follow (${name})`, async () => {
    const page = await openPage(browser, { nodes2, light, settings: { [BADGES]: true } });
    const tag = nodes2 ? "nodes2-light" : "legacy-dark";
    await openPanel(page);
    const graph = await build(page, napping({ ms: 30 }));
    const badges = page.locator(".hp-heat-label");
    await page.evaluate(() => {
      window.ended = 0;
      window.comfyAPI.api.api.addEventListener("execution_success", () => (window.ended += 1));
      new MutationObserver(() => {
        const labels = [...document.querySelectorAll(".hp-heat-label")];
        if (labels.some(({ textContent }) => /^[1-3]\.\d s$/.test(textContent))) window.endedBefore ??= window.ended;
      }).observe(document.body, { childList: true, subtree: true });
    });
    await look(page, ["HolafProfilerReport"]);
    await table(page).getByText("Run the workflow").waitFor();
    await action(page, "Run profile").click();
    await table(page).getByText("Second nap").waitFor();
    await page.waitForFunction(
      () => app.nodeOutputs[String(app.rootGraph.nodes.find(({ type }) => type === "HolafProfilerReport").id)]?.images?.length === 1,
    );
    await page.waitForFunction(() => document.querySelectorAll(".hp-heat-label").length === 3); // the profiler's own have none
    // the second nap leaves a busy machine the time to draw the first one's badge
    for (const [nap, ms] of [["second", 4000], ["first", 1200]]) {
      await page.evaluate(([id, ms]) => (app.rootGraph.getNodeById(id).widgets.find(({ name }) => name === "ms").value = ms), [graph.ids[nap], ms]);
    }
    await page.waitForFunction(() => window.ended === 1);
    await action(page, "Run profile").click();
    await badges.getByText(/^[1-3]\.\d s$/).first().waitFor(); // a nap may last longer than it should, and the badge says so
    assert.equal(await page.evaluate(() => window.endedBefore), 1, "the badge does not wait for the run's end");
    await page.waitForFunction(() => window.ended === 2);
    await page.waitForFunction(() => document.querySelectorAll(".hp-heat-label").length === 3); // the old badges are gone
    await look(page, ["ProfilerTestSleep"]);
    await picture(page, `badges-${tag}`);
    await setting(page, BADGES, false);
    await badges.first().waitFor({ state: "detached" });

    await look(page, ["HolafProfilerReport"]);
    await headlineOnce(page, /^Second nap takes/);
    const shown = await table(page).innerText();
    assert.match(shown, /^Node\s+Active time/);
    await look(page, ["HolafProfilerReport"]);
    await picture(page, `report-${tag}`);

    await page.evaluate(async () => {
      window.profiledTab = app.extensionManager.workflow.activeWorkflow;
      await app.loadGraphData({ id: crypto.randomUUID(), version: 0.4, nodes: [], links: [], groups: [] }, true, true, "elsewhere");
    });
    await table(page).waitFor({ state: "detached" });
    await page.evaluate(() => {
      const open = document.querySelectorAll(".workflow-tabs .p-togglebutton, .workflow-tabs [role=button], .workflow-tab");
      [...open].find((element) => element.textContent.includes("test "))?.click();
    });
    await table(page).getByText("Second nap").waitFor();
    assert.equal(await table(page).innerText(), shown);

    await reload(page);
    await page.waitForFunction((id) => app.rootGraph.id === id, graph.id);
    await look(page, ["HolafProfilerReport"]);
    await table(page).getByText("Second nap").waitFor();
    await page.locator(".hp-report-pictures img").waitFor();
    await headlineOnce(page, /^Last run: Second nap takes/);
    await page.locator(".hp-report-about").getByText(/^Last run: Run \d+, /).waitFor();
    await picture(page, `report-restored-${tag}`);

    await page.evaluate(() => {
      const [fail, show] = ["ProfilerTestFail", "ProfilerTestShow"].map((type) => LiteGraph.createNode(type));
      for (const node of [fail, show]) app.rootGraph.add(node);
      fail.connect(0, show, show.findInputSlot("value"));
    });
    await page.evaluate(() => void app.queuePrompt(0, 1));
    await page.locator(".hp-report-about .hp-status-failed").waitFor();
    await headlineOnce(page, /^Last run: ProfilerTestFail failed/);
    await table(page).getByText("error").waitFor();
    await look(page, ["HolafProfilerReport"]);
    await picture(page, `report-failed-${tag}`);
    await page.keyboard.press("Escape");

    await page.locator(".hp-report-node").getByRole("button", { name: "Details" }).click();
    await page.locator(".hp-run .hp-steps-table").waitFor();
    await page.locator(".hp-timeline-canvas").waitFor();
    await picture(page, `run-${tag}`);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
}

test("commands, menus, settings, help and locale files are there", async () => {
  const page = await openPage(browser);
  const found = await page.evaluate(() => ({
    commands: app.extensionManager.command.commands.map(({ id }) => id).filter((id) => id.startsWith("Holaf.Profiler.")),
    settings: Object.keys(app.extensionManager.setting.settings).filter((id) => id.startsWith("Holaf.Profiler.")),
    canvas: app.collectCanvasMenuItems(app.canvas).map((item) => item?.content),
  }));
  assert.equal(found.commands.length, 7);
  assert.equal(found.settings.length, 3);
  assert.ok(found.canvas.includes("Profile this workflow"));

  const hostile = '<img src=x onerror="alert(1)">';
  const graph = await build(page, { ...napping(), group: { type: "HolafProfilerGroup", widgets: { name: hostile } } });
  const menu = await page.evaluate((id) => {
    const node = app.rootGraph.getNodeById(id);
    app.canvas.selectItems([node]);
    const entry = app.collectNodeMenuItems(node).find((item) => item?.content === "Add selected to profiler group");
    entry.submenu.options[0].callback();
    return entry.submenu.options.map(({ content }) => content);
  }, graph.ids.second);
  assert.equal(menu.length, 2);
  assert.ok(!/[<>]/.test(menu[0]), "menus of the legacy canvas take HTML");
  assert.equal(
    await page.evaluate((id) => app.rootGraph.getNodeById(id).widgets.find(({ name }) => name === "members").value, graph.ids.group),
    graph.ids.second,
  );

  const get = async (path) => (await page.request.get(`${COMFYUI_URL}${path}`)).json();
  const { en } = await get("/i18n");
  for (const type of ["HolafProfilerStart", "HolafProfilerGroup", "HolafProfilerReport"]) {
    const definition = (await get(`/object_info/${type}`))[type];
    const locale = en.nodeDefs[type];
    const inputs = { ...definition.input.required, ...definition.input.optional };
    assert.equal(locale.display_name, definition.display_name);
    assert.equal(locale.description, definition.description);
    assert.deepEqual(Object.keys(locale.inputs).sort(), Object.keys(inputs).sort(), type);
    for (const [name, [, options]] of Object.entries(inputs)) assert.equal(locale.inputs[name].tooltip, options?.tooltip, `${type}.${name}`);
    assert.deepEqual(Object.values(locale.outputs).map(({ name }) => name), definition.output_name);
    const help = await page.request.get(`${COMFYUI_URL}/extensions/workflow-profiler/docs/${type}.md`);
    assert.equal(help.status(), 200);
    const words = await help.text();
    for (const name of Object.keys(inputs)) assert.ok(words.includes(`**${locale.inputs[name].name}**`), `${type}.md does not explain ${name}`);
  }
  for (const id of found.commands) assert.ok(en.commands[id.replaceAll(".", "_")]?.label, id);
  for (const id of found.settings) assert.ok(en.settings[id.replaceAll(".", "_")]?.name, id);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a graph of 250 nodes: run, table and panel stay usable; the sidebar at its narrowest and wide", async () => {
  const page = await openPage(browser, { width: 1500, light: true });
  await openPanel(page);
  const nodes = { start: { type: "HolafProfilerStart" }, report: { type: "HolafProfilerReport" } };
  for (let chain = 0; chain < 25; chain += 1) {
    for (let index = 0; index < 10; index += 1) {
      const last = index === 9;
      nodes[`${chain}-${index}`] = {
        type: last ? "ProfilerTestShow" : "ProfilerTestPass",
        title: last ? `Shown ${chain}` : `Chain ${chain} step ${index} with a rather long title`,
        ...(index ? { from: { value: `${chain}-${index - 1}` } } : { widgets: { value: `chain ${chain}` } }),
      };
    }
  }
  const graph = await build(page, nodes);
  await action(page, "Run profile").click();
  const [run] = await endedRuns(page, graph.id, 1);
  assert.equal(run.node_count, 250);
  // ComfyUI itself sends the state of all nodes with each node, megabytes here, and events wait behind it.
  await page.locator(".hp-last").waitFor({ timeout: 180_000 });
  await page.locator(`tr[data-run-id="${run.id}"] .hp-name-line .hp-link`).click();
  await page.locator(".hp-steps-table").waitFor();
  assert.equal(await page.locator(".hp-steps-table tbody tr").count(), 200);
  await page.getByRole("button", { name: "Show 50 more" }).click();
  assert.equal(await page.locator(".hp-steps-table tbody tr").count(), 250);
  await page.getByLabel(/Find a node by/).fill("Shown 24");
  await page.waitForFunction(() => document.querySelectorAll(".hp-steps-table tbody tr").length === 1);
  await page.getByLabel(/Find a node by/).fill("");

  for (const width of [280, 900]) {
    if (width > 400) await widenSidebar(page, width);
    await page.evaluate((width) => (document.querySelector(".hp-panel").style.width = `${width}px`), width);
    await page.waitForFunction((width) => document.querySelector(".hp-panel").getBoundingClientRect().width === width, width);
    const overflowing = await page.evaluate(() => {
      const panel = document.querySelector(".hp-panel").getBoundingClientRect();
      return [...document.querySelectorAll(".hp-panel .hp-button, .hp-panel .hp-icon-button, .hp-panel .hp-input")]
        .filter((element) => !element.closest(".hp-scroll-x") && element.offsetParent)
        .filter((element) => element.getBoundingClientRect().right > panel.right + 1 || element.getBoundingClientRect().left < panel.left - 1)
        .map((element) => element.outerHTML.slice(0, 120));
    });
    assert.deepEqual(overflowing, [], `${width} px`);
    await picture(page, `width-${width}`);
    await page.getByRole("button", { name: "Back", exact: true }).click();
    await page.locator(".hp-runs-table").waitFor();
    await picture(page, `runs-width-${width}`);
    await page.locator(`tr[data-run-id="${run.id}"] .hp-name-line .hp-link`).click();
    await page.locator(".hp-steps-table").waitFor();
  }
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("an empty history says what to do, and a restart of the server is survived", { skip: !process.env.RESTART_URL }, async () => {
  const page = await openPage(browser);
  await openPanel(page);
  await page.locator(".hp-pager, .hp-empty").first().waitFor(); // the first list has come
  await page.getByLabel(/Search runs/).fill("surely nothing has this name");
  await page.getByText("No run matches these filters.").waitFor();
  await page.getByRole("button", { name: "Clear filters" }).click();
  const graph = await build(page, napping({ ms: 5 }));
  await action(page, "Run profile").click();
  const [run] = await endedRuns(page, graph.id, 1);
  await page.request.post(process.env.RESTART_URL, { timeout: 120_000 });
  await page.locator(`tr[data-run-id="${run.id}"]`).waitFor();
  await action(page, "Run profile").click();
  const runs = await endedRuns(page, graph.id, 2);
  await page.locator(`tr[data-run-id="${runs[0].id}"]`).waitFor();
  assert.equal((await server(page, "status")).running ?? false, false);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});
