import assert from "node:assert/strict";
import { test } from "node:test";

import { installGuard } from "../../js/run/guard.js";
import * as policy from "../../js/run/guard_policy.js";
import { installPromptTap, markedBody } from "../../js/run/prompt_tap.js";
import { useTexts } from "../../js/ui/i18n.js";

const start = (inputs = {}) => ({ class_type: "HolafProfilerStart", inputs: { enabled: true, on_mismatch: "warn", ...inputs } });
const CHANGES = [
  { kind: "renamed", node_id: "3", title: "Second", detail: "renamed: Second #3 First → Second" },
  { kind: "added", node_id: "14", title: "Upscale", detail: "added: Upscale #14" },
];
const MISMATCH = { has_reference: true, match: false, changes: CHANGES };

test("the strictest enabled Start decides; a switched off one does not count", () => {
  assert.equal(policy.policyOf({ 1: start({ on_mismatch: "ignore" }), 2: start({ on_mismatch: "block" }) }), "block");
  assert.equal(policy.policyOf({ 1: start({ on_mismatch: "block", enabled: false }), 2: start() }), "warn");
  assert.equal(policy.policyOf({ 1: start({ enabled: false }) }), null);
  assert.equal(policy.policyOf({ 1: start({ on_mismatch: undefined }) }), "warn");
  assert.equal(policy.policyOf({ 1: start({ enabled: ["9", 0] }) }), "warn", "a wired switch may be on");
});

test("only a known mismatch asks", () => {
  assert.equal(policy.mustAsk(MISMATCH, "warn"), true);
  assert.equal(policy.mustAsk(MISMATCH, "block"), true);
  assert.equal(policy.mustAsk(MISMATCH, "ignore"), false);
  assert.equal(policy.mustAsk({ has_reference: false, match: false, changes: [] }, "block"), false);
  assert.equal(policy.mustAsk({ has_reference: true, match: true, changes: [] }, "block"), false);
});

test("changes are put into one sentence, additions first, long lists cut", () => {
  assert.equal(policy.changesSentence(CHANGES), "added: Upscale #14; renamed: Second #3");
  assert.equal(policy.changesSentence(CHANGES, 1), "added: Upscale #14 and 1 more");
  assert.equal(policy.changeDetail(CHANGES[0]), "First → Second");
  assert.equal(policy.changeDetail(CHANGES[1]), "");
});

/** A page with one graph. `choice` is what the user answers; the log has what happened. */
function page({ choice = "cancel", answer = MISMATCH, check, ask, on_mismatch = "warn" } = {}) {
  const log = [];
  const app = {
    rootGraph: { id: "w" },
    graphToPrompt: async () => ({ output: { 1: start({ on_mismatch }) }, workflow: { id: "w" } }),
    queuePrompt: async (...args) => {
      log.push(["queued", ...args]);
      return true;
    },
  };
  const guard = installGuard(app, {
    hasStart: () => true,
    isOn: () => true,
    check: check ?? (async () => answer),
    updateNodes: async () => log.push(["updated"]),
    ask: async (_answer, level) => {
      log.push(["asked", level]);
      return ask ? ask() : choice;
    },
    show: (changes) => log.push(["shown", changes.length]),
    arm: (id, count) => {
      log.push(["armed", id, count]);
      return () => log.push(["disarmed"]);
    },
    notify: (severity) => log.push(["notified", severity]),
  });
  return { app, guard, log };
}

test("each answer does what it says, with the arguments of the call", async () => {
  const outcomes = {
    update: [["asked", "warn"], ["updated"], ["queued", 0, 4, ["9"]]],
    force: [["asked", "warn"], ["armed", "w", 4], ["queued", 0, 4, ["9"]], ["disarmed"]],
    show: [["asked", "warn"], ["shown", 2]],
    cancel: [["asked", "warn"]],
  };
  for (const [choice, expected] of Object.entries(outcomes)) {
    const { app, log } = page({ choice });
    const result = await app.queuePrompt(0, 4, ["9"]);
    assert.deepEqual(log, expected, choice);
    assert.equal(result, choice === "update" || choice === "force", choice);
  }
});

test("a match, no reference and the policy ignore run at once", async () => {
  for (const options of [{ answer: { has_reference: true, match: true, changes: [] } }, { answer: { has_reference: false } }, { on_mismatch: "ignore" }]) {
    const { app, log } = page(options);
    assert.equal(await app.queuePrompt(0, 1), true);
    assert.deepEqual(log, [["queued", 0, 1]]);
  }
});

test("a guard that fails says so and lets the run go on", async () => {
  const { app, log } = page({
    check: async () => {
      throw new Error("away");
    },
  });
  assert.equal(await app.queuePrompt(0, 1), true);
  assert.deepEqual(log, [["notified", "warn"], ["queued", 0, 1]]);
});

test("a second call while the question stands is dropped, not asked again", async () => {
  let answerNow;
  const { app, log } = page({ ask: () => new Promise((resolve) => (answerNow = resolve)) });
  const first = app.queuePrompt(0, 1);
  while (!answerNow) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await app.queuePrompt(0, 1), false);
  answerNow("cancel");
  assert.equal(await first, false);
  assert.deepEqual(log, [["asked", "warn"]]);
});

test("forcing skips the question and marks the run", async () => {
  const { app, guard, log } = page();
  await guard.force(() => app.queuePrompt(0, 1));
  assert.deepEqual(log, [["armed", "w", 1], ["queued", 0, 1], ["disarmed"]]);
  await app.queuePrompt(0, 1);
  assert.deepEqual(log.at(-1), ["asked", "warn"]);
});

test("a marked body keeps everything else", () => {
  const body = { prompt: { 1: {} }, number: 3, extra_data: { extra_pnginfo: { workflow: { id: "w" } }, holaf_profiler: { note: 1 } } };
  assert.deepEqual(JSON.parse(markedBody(JSON.stringify(body), { force: true })), {
    prompt: { 1: {} },
    number: 3,
    extra_data: { extra_pnginfo: { workflow: { id: "w" } }, holaf_profiler: { note: 1, force: true } },
  });
});

test("the tap forces so many prompts of that workflow and touches nothing else", async () => {
  const sent = [];
  const api = {
    fetchApi: async (route, options) => {
      sent.push([route, options?.body]);
      return new Response(JSON.stringify({ prompt_id: `p${sent.length}` }));
    },
  };
  let time = 0;
  const tap = installPromptTap(api, () => "", () => time);
  const queue = (id) => api.fetchApi("/prompt", { method: "POST", body: JSON.stringify({ extra_data: { extra_pnginfo: { workflow: { id } } } }) });
  const forced = () => JSON.parse(sent.at(-1)[1]).extra_data.holaf_profiler?.force === true;

  tap.arm("w", 2);
  await queue("other");
  assert.equal(forced(), false);
  await api.fetchApi("/queue", { method: "POST", body: "{}" });
  assert.equal(sent.at(-1)[1], "{}");
  for (const expected of [true, true, false]) {
    await queue("w");
    assert.equal(forced(), expected);
  }

  tap.arm("w", 1);
  time = 61_000;
  await queue("w");
  assert.equal(forced(), false, "a force that was never used runs out");
});

test("the tap says ComfyUI's language for a profiled workflow, English too, and nothing of others", async () => {
  const sent = [];
  const api = { fetchApi: async (_route, options) => sent.push(options) };
  installPromptTap(api, () => "");
  const queue = async (prompt) => {
    const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ prompt }) };
    await api.fetchApi("/prompt", options);
    assert.equal(sent.at(-1).body, options.body);
    assert.equal(new Headers(sent.at(-1).headers).get("Content-Type"), "application/json");
    return new Headers(sent.at(-1).headers).get("Accept-Language");
  };
  assert.equal(await queue({ 1: { class_type: "KSampler" } }), null);
  assert.equal(await queue({ 1: start() }), "en");
  useTexts("fr", {});
  assert.equal(await queue({ 1: start() }), "fr");
  useTexts("en", {});
});

test("the tap says what a profiled workflow is called, and nothing of others", async () => {
  const sent = [];
  const api = { fetchApi: async (_route, options) => sent.push(options.body) };
  let name = "flux portrait";
  installPromptTap(api, () => name);
  const queue = async (prompt) => {
    await api.fetchApi("/prompt", { method: "POST", body: JSON.stringify({ prompt }) });
    return JSON.parse(sent.at(-1)).extra_data?.holaf_profiler?.workflow_name;
  };
  assert.equal(await queue({ 1: start() }), "flux portrait");
  assert.equal(await queue({ 1: { class_type: "KSampler" } }), undefined);
  name = "";
  assert.equal(await queue({ 1: start() }), undefined);
});
