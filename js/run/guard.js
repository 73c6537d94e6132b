// Before a profiled run is queued: is the graph still the one that was measured?
// If not, ask. Nothing in here may ever keep a user from running: whatever fails,
// the run goes on.

import { t } from "../ui/i18n.js";
import { mustAsk, policyOf } from "./guard_policy.js";

const CHECK_TIMEOUT_MS = 4000;

/**
 * Wrap `app.queuePrompt`, which Run, Ctrl+Enter, "queue selected" and auto-queue
 * all call. `tools`:
 * - `hasStart()`: whether the open graph has an enabled Profiler Start
 * - `isOn()`: whether the user wants to be asked at all
 * - `check(graph, {signal})`, `updateNodes(graph)`: the server
 * - `ask(answer, policy)`: the dialog -> "update", "force", "show" or "cancel"
 * - `show(changes)`: select what changed on the canvas
 * - `arm(workflowId, count)`: force the next prompts
 * - `notify(severity, summary, detail)`
 *
 * Returns `{force, ask}`: `force(action)` runs `action` with the guard open and the runs it queues marked as
 * forced; `ask()` resolves with what the user wants of the open graph: "run",
 * "force" or "stop". Null where this
 * frontend has no `queuePrompt` to wrap.
 */
export function installGuard(app, tools) {
  if (typeof app.queuePrompt !== "function" || typeof app.graphToPrompt !== "function") {
    console.warn("Workflow Profiler: this frontend queues in a way that is not known; runs are not checked first");
    return null;
  }
  const original = app.queuePrompt;
  let asking = false;
  let forceNext = false;

  const verdict = async () => {
    const graph = await app.graphToPrompt();
    const policy = policyOf(graph.output);
    if (policy === null || policy === "ignore") return { run: true };
    const body = { prompt: graph.output, workflow: graph.workflow };
    const answer = await tools.check(body, { signal: AbortSignal.timeout(CHECK_TIMEOUT_MS) });
    if (!mustAsk(answer, policy)) return { run: true };
    return { run: false, body, answer, policy };
  };

  /** "run", "force" or "stop"; whatever fails says so and means "run". */
  async function decide() {
    let found;
    try {
      if (!tools.hasStart() || !tools.isOn()) return "run";
      found = await verdict();
    } catch (error) {
      return goesOn(t("This run was not compared with its reference"), error);
    }
    if (found.run) return "run";

    asking = true;
    let choice;
    try {
      choice = await tools.ask(found.answer, found.policy);
    } catch (error) {
      return goesOn(t("The profiler could not ask about the changes"), error);
    } finally {
      asking = false;
    }
    if (choice === "force") return "force";
    if (choice === "show") tools.show(found.answer.changes);
    if (choice !== "update") return "stop";
    try {
      await tools.updateNodes(found.body);
    } catch (error) {
      tools.notify("error", t("The reference was not updated, so nothing was queued"), error?.message ?? String(error));
      return "stop";
    }
    return "run";
  }

  function goesOn(summary, error) {
    tools.notify("warn", summary, t("{problem} The run goes on.", { problem: error?.message ?? error }));
    return "run";
  }

  app.queuePrompt = async function queuePrompt(...args) {
    const go = () => original.apply(this, args);
    const count = args[1] ?? 1;
    if (forceNext) {
      forceNext = false;
      return goForced(go, count);
    }
    if (asking) return false;
    const choice = await decide();
    if (choice === "stop") return false;
    return choice === "force" ? goForced(go, count) : go();
  };

  async function goForced(go, count) {
    const disarm = tools.arm(app.rootGraph?.id ?? null, Math.max(1, Number(count) || 1));
    const result = await go().catch((error) => {
      disarm();
      throw error;
    });
    // `false` may mean that another call is still queueing and takes this one along:
    // then the mark has to stay until that prompt leaves.
    if (result !== false) disarm();
    return result;
  }

  return {
    ask: () => (asking ? "stop" : decide()),
    async force(action) {
      forceNext = true;
      try {
        return await action();
      } finally {
        forceNext = false;
      }
    },
  };
}
