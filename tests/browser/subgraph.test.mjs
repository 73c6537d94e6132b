// Nodes inside a subgraph: a row with totals that opens, links that reach inside; and what ComfyUI itself names
// while a Report waits.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { action, build, endedRuns, launch, napping, openPage, openPanel, picture } from "./page.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

for (const nodes2 of [false, true]) {
  test(`a subgraph is a row that opens; a node inside is selected inside (${nodes2 ? "Nodes 2.0" : "legacy"})`, async () => {
    const page = await openPage(browser, { nodes2 });
    await openPanel(page);
    const graph = await build(page, napping({ ms: 60 }));
    const subgraphId = await page.evaluate((ids) => {
      const chosen = ["first", "second"].map((key) => app.rootGraph.getNodeById(ids[key]));
      const { node } = app.rootGraph.convertToSubgraph(new Set(chosen));
      node.title = "Two naps";
      return String(node.id);
    }, graph.ids);
    await action(page, "Run profile").click();
    const [run] = await endedRuns(page, graph.id, 1);
    assert.equal(run.status, "success");
    await page.locator(`tr[data-run-id="${run.id}"] .hp-name-line .hp-link`).click();
    const outer = page.locator(`.hp-steps-table tr[data-node-id="${subgraphId}"]`);
    await outer.getByText("Two naps").waitFor();
    await outer.getByRole("button", { name: "Nodes inside" }).click();
    const inner = page.locator(`.hp-steps-table tr[data-node-id^="${subgraphId}:"]`);
    await inner.first().waitFor();
    assert.equal(await inner.count(), 2);
    await picture(page, `subgraph-${nodes2 ? "nodes2" : "legacy"}`);
    await inner.filter({ hasText: "Second nap" }).locator(".hp-link").first().click();
    await page.waitForFunction(() => app.canvas.graph !== app.rootGraph && app.canvas.selectedItems.size === 1);
    assert.deepEqual(
      await page.evaluate(() => [...app.canvas.selectedItems].map(({ title }) => title)),
      ["Second nap"],
    );
    await page.locator(".hp-steps-table").getByRole("button", { name: /^Show/ }).first().click();
    await page.waitForFunction(() => app.canvas.graph === app.rootGraph && [...app.canvas.selectedItems][0]?.title === "Show");
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
}

test("while a Report waits, ComfyUI's title names the node at work", async () => {
  const page = await openPage(browser);
  await page.evaluate(() => {
    window.titles = new Set();
    new MutationObserver(() => window.titles.add(document.title)).observe(document.querySelector("title"), { childList: true, characterData: true, subtree: true });
  });
  const graph = await build(page, napping({ ms: 700 }));
  await page.evaluate(() => app.queuePrompt(0, 1));
  await endedRuns(page, graph.id, 1);
  const titles = await page.evaluate(() => [...window.titles]);
  const named = titles.filter((title) => /Sleep|nap/.test(title));
  assert.ok(named.length, titles.join(" | "));
  const first = titles.findIndex((title) => /Sleep|nap/.test(title));
  const last = titles.findLastIndex((title) => /Sleep|nap/.test(title));
  assert.ok(!titles.slice(first, last + 1).some((title) => title.includes("Report")), titles.join(" | "));
  assert.deepEqual(page.problems, []);
  await page.context().close();
});
