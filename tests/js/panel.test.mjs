import assert from "node:assert/strict";
import { test } from "node:test";

import * as columns from "../../js/panel/columns.js";
import * as live from "../../js/run/live_model.js";
import { createSeries, repeatCount, seriesKey } from "../../js/run/repeat.js";
import { setsOf } from "../../js/panel/matrix.js";
import { keepLimits, packTotals } from "../../js/panel/statistics_sums.js";
import * as query from "../../js/panel/runs_query.js";

const STEPS = [
  { id: 1, node_id: "3", node_title: "Load", node_type: "Loader", role: "node", status: "ok", exec_time: 2, vram_start: 0, vram_end: 1024 ** 3, step_comment: "" },
  { id: 2, node_id: "7:4", node_title: "Sample", node_type: "KSampler", role: "node", status: "ok", exec_time: 6, vram_start: null, vram_end: 5, step_comment: "slow" },
  { id: 3, node_id: "9", node_title: "Decode", node_type: "VAE", role: "node", status: "cached", exec_time: null, step_comment: "" },
  { id: 4, node_id: "1", node_title: "Start", node_type: "HolafProfilerStart", role: "profiler", status: "ok", exec_time: 9, step_comment: "" },
];
const names = (steps) => steps.map((step) => step.node_title);

test("steps are filtered by time, type, group and text; the profiler's own are left out", () => {
  assert.deepEqual(names(columns.filterSteps(STEPS)), ["Load", "Sample", "Decode"]);
  assert.deepEqual(names(columns.filterSteps(STEPS, { minTime_s: 3 })), ["Sample"]);
  assert.deepEqual(names(columns.filterSteps(STEPS, { type: "Loader" })), ["Load"]);
  assert.deepEqual(names(columns.filterSteps(STEPS, { group: { members: ["7:4", "9"] } })), ["Sample", "Decode"]);
  assert.deepEqual(names(columns.filterSteps(STEPS, { text: "SLOW" })), ["Sample"]);
});

test("sorting keeps unknown values last in both directions", () => {
  const shown = columns.filterSteps(STEPS);
  assert.deepEqual(names(columns.sortSteps(shown, "-exec_time")), ["Sample", "Load", "Decode"]);
  assert.deepEqual(names(columns.sortSteps(shown, "exec_time")), ["Load", "Sample", "Decode"]);
  assert.deepEqual(names(columns.sortSteps(shown, "")), ["Load", "Sample", "Decode"]);
  assert.equal(columns.nextSort("", "exec_time"), "-exec_time");
  assert.equal(columns.nextSort("-exec_time", "exec_time"), "exec_time");
  assert.equal(columns.nextSort("exec_time", "exec_time"), "");
});

test("columns say n/a for what is not known and never lose the node's name", () => {
  const [load, sample, decode] = columns.withShare(STEPS, 10);
  const text = (id, step) => columns.COLUMNS.find((column) => column.id === id).text(step);
  assert.equal(text("share", load), "20 %");
  assert.equal(text("share", decode), "n/a");
  assert.equal(text("vram_change", load), "+1.0 GB");
  assert.equal(text("vram_change", sample), "n/a");
  assert.deepEqual(columns.chosenColumns(["cpu_max", "no such", "exec_time"]).map(({ id }) => id), ["node_title", "exec_time", "cpu_max"]);
  assert.deepEqual(columns.chosenColumns([]).map(({ id }) => id), columns.DEFAULT_COLUMNS);
});

test("a shortest time can be written as people write it", () => {
  const read = (text) => columns.parseDuration(text);
  assert.deepEqual([read("0.5"), read("0,5 s"), read("500 ms"), read("2 min"), read("much")], [0.5, 0.5, 0.5, 120, 0]);
});

test("a search for a visible number means that run", () => {
  assert.deepEqual(["1003", "#7", "Run 12", "run #5", "warm 7", "", undefined].map(query.runNumber), [1003, 7, 12, 5, null, null, null]);
});

test("a subgraph is a row with the totals of its nodes; a column without a value is left out", () => {
  const steps = [
    { node_id: "7:1", node_title: "A", status: "ok", exec_time: 2, vram_max: 10, ram_max_bytes: null },
    { node_id: "3", node_title: "B", status: "ok", exec_time: 1, vram_max: null, ram_max_bytes: null },
    { node_id: "7:2:5", node_title: "C", status: "cached", exec_time: null, vram_max: 30, ram_max_bytes: null },
  ];
  const [upscale, other] = columns.withSubgraphs(steps, { 7: "Upscale" });
  assert.deepEqual([upscale.node_title, upscale.exec_time, upscale.vram_max, upscale.status, upscale.children.length], ["Upscale", 2, 30, "ok", 2]);
  assert.equal(other.node_title, "B");
  const shown = columns.knownColumns(columns.chosenColumns(["exec_time", "vram_max", "ram_max_bytes", "step_comment"]), steps);
  assert.deepEqual(shown.map(({ id }) => id), ["node_title", "exec_time", "vram_max", "step_comment"]);
});

test("a series is the server's: whoever looks later sees it, Cancel reaches it, a refusal begins nothing", async () => {
  const log = [];
  let kept = [];
  let wish = { force: false };
  const make = () =>
    createSeries({
      backend: {
        listRepeats: async () => ({ repeats: kept }),
        startRepeat: async (plan) => {
          log.push(plan);
          kept = [{ id: 1, state: "running", run_ids: [], done: 0 }];
          return { repeat: kept[0] };
        },
        cancelRepeat: async (id) => {
          log.push(`cancel ${id}`);
          kept = [{ id, state: "cancelled", run_ids: [7], done: 1 }];
        },
      },
      mayQueue: async () => wish,
      plan: async () => ({ prompt: {}, workflow_name: "w" }),
    });
  const series = make();
  wish = false;
  assert.equal(await series.start({ runs: 2 }), false);
  wish = { force: true };
  assert.equal(await series.start({ runs: 2, cache: "cold" }), true);
  assert.deepEqual(log, [{ prompt: {}, workflow_name: "w", runs: 2, cache: "cold", force: true }]);

  const seen = [];
  const afterReload = make(); // the page was loaded anew
  const stop = afterReload.subscribe((found) => seen.push(found?.state ?? null));
  await afterReload.refresh();
  await afterReload.cancel();
  stop();
  assert.deepEqual([...new Set(seen)], [null, "running", "cancelled"]);
  assert.equal(log.at(-1), "cancel 1");
  assert.notEqual(seriesKey({ id: 1, run_ids: [7] }), seriesKey({ id: 1, run_ids: [9] }), "ids start anew with ComfyUI");
  assert.deepEqual(["3", "0", "1e9", "x"].map(repeatCount), [3, 1, 100, 1]);
});

test("the live view says how long is left only while that is known, from runs that began alike", () => {
  const begun = { workflow_hash: "h", cold: false, timing: "precise", inside: "functions", cached_count: 0 };
  const run = (total_time, other = {}) => ({ ...begun, total_time, ...other });
  const earlier = [run(10), run(60, { cold: true }), run(12), run(1, { cached_count: 3 }), run(99, { workflow_hash: "other" }), run(40, { inside: "kernels" }), run(11)];
  assert.deepEqual(live.likely_s(earlier, begun), { low: 10, high: 12 });
  assert.deepEqual(live.likely_s(earlier, { ...begun, cold: true }), { low: 60, high: 60 });
  assert.equal(live.likely_s(earlier, { ...begun, cached_count: 2 }), null);
  assert.equal(live.likely_s(earlier, { ...begun, cached_count: null }), null, "what comes from the cache is not known");
  assert.equal(live.likely_s([run(10), run(31)], begun), null, "they say too little");

  const started = live.started(live.IDLE, { prompt_id: "p", run_id: 1, total_nodes: 3 }, 0);
  assert.equal(live.left_s(started, 1000), null);
  const expecting = live.expected(started, "p", { low: 8, high: 10 });
  assert.deepEqual(live.left_s(expecting, 4000), { low: 4, high: 6 });
  assert.deepEqual(live.left_s(expecting, 9000), { low: 0, high: 1 });
  assert.equal(live.left_s(expecting, 11_000), null);
  assert.equal(live.expected(started, "another", { low: 8, high: 10 }).expected_s, null);
  const sampling = live.progressed(live.executing(expecting, "3", "KSampler", 5000), { node: "3", value: 4, max: 20 });
  assert.deepEqual(sampling.progress, { value: 4, max: 20 });
  assert.deepEqual([live.median([5, null, 3, 4]), live.median([3, 5]), live.median([null])], [4, 4, null]);
  assert.equal(live.executing(sampling, "4", "VAE", 6000).progress, null);
});

test("filters become the server's query; whole local days", () => {
  const filters = query.withFilter({ ...query.EMPTY_FILTERS, offset: 100 }, { q: " warm ", status: "failed", since: "2026-05-30", until: "2026-05-31" });
  const params = query.toParams(filters, 50);
  assert.deepEqual(params, {
    limit: 50,
    offset: 0,
    sort: "-timestamp",
    q: "warm",
    status: "failed",
    since: new Date(2026, 4, 30).toISOString(),
    until: new Date(2026, 5, 1).toISOString(),
  });
  assert.equal(query.toParams({ ...query.EMPTY_FILTERS, tag: "slow" }).tag, "slow");
  assert.deepEqual(query.parseTags(' slow, "4090" rig,,slow'), ["slow", "4090 rig"]);
  assert.equal(query.dayStart("yesterday"), "");
  assert.equal(query.isFiltered(query.EMPTY_FILTERS), false);
});

test("pages know where they end", () => {
  assert.deepEqual(query.pageOf(50, 50, 120), { from: 51, to: 100, total: 120, previous: 0, next: 100 });
  assert.deepEqual(query.pageOf(0, 50, 0), { from: 0, to: 0, total: 0, previous: null, next: null });
  assert.equal(query.nextSort("-timestamp", "name"), "name");
  assert.equal(query.nextSort("-total_time", "total_time"), "total_time");
});

test("the live view follows a run from its start to its end", () => {
  let state = live.started(live.IDLE, { prompt_id: "p", run_id: 4, name: "warm", total_nodes: 3 }, 1000);
  state = live.executing(state, "3", "Load", 1000);
  state = live.stepped(state, { prompt_id: "p", done: 1, total: 3, vram_bytes: 7, steps: [{ node_id: "3", title: "Load", status: "ok", exec_time: 2 }] }, 3000);
  state = live.executing(state, "5", "Sample", 3000);
  assert.equal(live.elapsed_s(state, 7000), 6);
  assert.deepEqual(
    live.bars(state, 7000).map(({ title, time_s, running, share }) => [title, time_s, running, share]),
    [["Sample", 4, true, 1], ["Load", 2, false, 0.5]],
  );
  state = live.polled(state, { active: true, prompt_id: "p", done: 1, total: 3, ram_bytes: 9, node_id: "5", title: "Sample", node_elapsed_s: 5 }, 8000);
  assert.deepEqual(state.now, { vram_bytes: 7, ram_bytes: 9 });
  assert.equal(live.bars(state, 8000)[0].time_s, 5);
  state = live.finished(state, { prompt_id: "p", run_id: 4, status: "success", total_time: 9, headline: "Sample takes all" });
  assert.equal(state.active, false);
  assert.equal(state.last.headline, "Sample takes all");
});

test("a page opened in the middle of a run, and one that lost the server, catch up", () => {
  const joined = live.stepped(live.IDLE, { prompt_id: "p", elapsed_s: 4, done: 2, total: 5, steps: [] }, 10_000);
  assert.deepEqual([joined.active, joined.done, live.elapsed_s(joined, 11_000)], [true, 2, 5]);
  assert.equal(live.polled(joined, { active: false }, 12_000).active, false);
  assert.equal(live.finished(joined, { prompt_id: "another" }).active, true, "another run's end is not ours");
});

test("the running node stays among the bars however long the others took", () => {
  let state = live.started(live.IDLE, { prompt_id: "p" }, 0);
  const steps = Array.from({ length: 30 }, (_, index) => ({ node_id: String(index), title: `n${index}`, status: "ok", exec_time: 10 + index }));
  state = live.executing(live.stepped(state, { prompt_id: "p", steps }, 0), "99", "now", 0);
  const shown = live.bars(state, 1000, 5);
  assert.equal(shown.length, 5);
  assert.equal(shown.at(-1).title, "now");
});

test("runs fall into sets by tag, workflow, name or one each; one set or too many are none", () => {
  const runs = [
    { id: 1, name: "a", tags: ["fp8"], workflow_name: "flux" },
    { id: 2, name: "", tags: ["fp16"], workflow_name: "flux" },
    { id: 3, name: "a", tags: ["fp8"], workflow_name: "flux" },
  ];
  assert.deepEqual(setsOf(runs, "tag"), [{ label: "fp8", ids: [1, 3] }, { label: "fp16", ids: [2] }]);
  assert.deepEqual(setsOf(runs, "name"), [{ label: "a", ids: [1, 3] }, { label: "–", ids: [2] }]);
  assert.deepEqual(setsOf(runs, "run").map(({ label }) => label), ["Run 1 · a", "Run 2", "Run 3 · a"]);
  assert.equal(setsOf(runs, "workflow"), null);
  assert.equal(setsOf(Array.from({ length: 9 }, (_, id) => ({ id })), "run"), null);
});

test("node types add up to their packs; a form says what to keep only where it holds numbers", () => {
  const packs = packTotals([{ node_type: "A", total_s: 6 }, { node_type: "B", total_s: 1 }, { node_type: "C", total_s: 3 }], (type) => (type === "C" ? "" : "ComfyUI"));
  assert.deepEqual(packs, [{ name: "ComfyUI", total_s: 7, type_count: 2, share: 0.7 }, { name: "", total_s: 3, type_count: 1, share: 0.3 }]);
  assert.equal(keepLimits({ days: "", runs: " ", gigabytes: "much" }), null);
  assert.deepEqual(keepLimits({ days: "0", runs: "10.6", gigabytes: "0.5" }), { keep_days: 0, keep_runs: 10, keep_bytes: 2 ** 29 });
  assert.equal(keepLimits({ days: "-1" }), null);
});
