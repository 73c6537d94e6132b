// Everything about one node of one run: what it was given, what it held, and how long it took before.

import * as backend from "../comfy/api.js";
import { h } from "../ui/dom.js";
import { bytes, bytesChange, count, joules, percent, seconds, share } from "../ui/format.js";
import { t } from "../ui/i18n.js";
import { sparkline } from "../ui/widgets.js";
import { measured } from "./trend_words.js";

const EARLIER_RUNS = 30;
const LONGEST_VALUE = 400;

/** Earlier times of every node of a workflow, asked for once: `(node_id) -> [seconds]`, oldest first. */
export function createEarlierTimes(run) {
  let asked = null;
  return async (nodeId) => {
    const workflow = run.workflow_id || run.workflow_hash;
    if (!workflow) return [];
    asked ??= backend.getTrends({ workflow, last: EARLIER_RUNS, limit: 1000 });
    const { nodes } = await asked.catch(() => ({ nodes: [] }));
    return measured(nodes.find((node) => node.node_id === nodeId)?.exec_time.values ?? []);
  };
}

/** The widget values and links of `inputs_json`: `[[name, text]]`. */
export function inputsOf(step) {
  let inputs;
  try {
    inputs = JSON.parse(step.inputs_json ?? "{}");
  } catch {
    return [];
  }
  return Object.entries(inputs ?? {}).map(([name, value]) => {
    const isLink = Array.isArray(value) && value.length === 2 && typeof value[1] === "number";
    const text = isLink ? t("from node #{id}", { id: value[0] }) : typeof value === "string" ? value : JSON.stringify(value);
    return [name, text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text];
  });
}

/** `[label, text]` of what was measured; what was not is left out. */
function factsOf(step) {
  const known = (value) => typeof value === "number";
  const threefold = (start, most, end) => `${bytes(start)} → ${bytes(most)} → ${bytes(end)} (${bytesChange(end - start)})`;
  return [
    [known(step.exec_time), t("Active time"), () => `${seconds(step.exec_time)}${known(step.share) ? ` (${share(step.share)})` : ""}`],
    [known(step.self_time_s) && step.self_time_s !== step.exec_time, t("Self time"), () => seconds(step.self_time_s)],
    [known(step.wall_time_s) && step.wall_time_s !== step.exec_time, t("Wall time"), () => seconds(step.wall_time_s)],
    [step.execution_count > 1, t("Rounds"), () => count(step.execution_count)],
    [known(step.previous_exec_time_s), t("Took before"), () => `${seconds(step.previous_exec_time_s)} (${t("run {id}", { id: step.previous_run_id })})`],
    [
      known(step.sampler_steps) && step.sampler_steps > 0,
      t("Sampler steps"),
      () => t("{n}, {time} each", { n: count(step.sampler_steps), time: seconds(step.sampler_step_median_s) }),
    ],
    [known(step.vram_start), t("VRAM before, peak, after"), () => threefold(step.vram_start, step.vram_max, step.vram_end)],
    [known(step.ram_start_bytes), t("RAM before, peak, after"), () => threefold(step.ram_start_bytes, step.ram_max_bytes, step.ram_end_bytes)],
    [known(step.load_time_s) && step.load_time_s >= 0.001, t("Loading models"), () => seconds(step.load_time_s)],
    [known(step.offload_time_s) && step.offload_time_s >= 0.001, t("Moving models out"), () => seconds(step.offload_time_s)],
    [known(step.gpu_load_avg), t("GPU load"), () => `${percent(step.gpu_load_avg)} (${t("peak {value}", { value: percent(step.gpu_load_max) })})`],
    [known(step.cpu_seconds), t("CPU time"), () => seconds(step.cpu_seconds)],
    [known(step.energy_joules), t("Energy"), () => joules(step.energy_joules)],
    [known(step.read_bytes) && step.read_bytes > 0, t("Read from disk"), () => bytes(step.read_bytes)],
  ]
    .filter(([isThere]) => isThere)
    .map(([, label, text]) => [label, text()]);
}

/** `groups`: names; `earlierTimes`: from {@link createEarlierTimes}. Returns an element. */
export function stepDetails(step, groups, earlierTimes) {
  const list = (entries) => h("dl", { class: "hp-facts" }, entries.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
  const inputs = inputsOf(step);
  const models = step.models ?? [];
  const earlier = h("div", {});
  earlierTimes(step.node_id).then((times) => times.length > 1 && earlier.append(h("h4", {}, t("In earlier runs")), sparkline(times)));
  return h(
    "div",
    { class: "hp-details" },
    step.error_message
      ? h("pre", { class: "hp-error-text" }, `${step.error_type ?? t("Error")}: ${step.error_message}${step.error_traceback ? `\n\n${step.error_traceback}` : ""}`)
      : null,
    list([...(groups.length ? [[t("Groups"), groups.join(", ")]] : []), ...factsOf(step)]),
    inputs.length ? [h("h4", {}, t("Inputs")), list(inputs)] : null,
    models.length
      ? [
          h("h4", {}, t("Models in memory")),
          list(models.map((model) => [model.name, t("{loaded} of {total} on {device}", { loaded: bytes(model.loaded_bytes), total: bytes(model.total_bytes), device: model.device })])),
        ]
      : null,
    earlier,
  );
}
