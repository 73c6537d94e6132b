// What the nodes of a run were doing inside: the flame, whose code took the time, recorded operators.

import * as backend from "../comfy/api.js";
import { createFlame } from "../timeline/flame.js";
import { ownerColor } from "../timeline/flame_layout.js";
import { button, fill, h, select } from "../ui/dom.js";
import { bytes, count, grouped, seconds, share } from "../ui/format.js";
import { t } from "../ui/i18n.js";
import { loading, number, openFold, problem, table } from "../ui/widgets.js";
import { saveFile } from "./export.js";

const OPERATORS = 15;
const OWNERS = 12;

/** `groups`: `{name, members}` each. Returns `{element, ready, show(nodeId), dispose}`. */
export function createInsideView({ context, run, steps, groups }) {
  const element = h("section", { class: "hp-stack", "aria-label": t("Inside the nodes") });
  const titles = Object.fromEntries(steps.map((step) => [step.node_id, step.node_title || step.node_type]));
  let flame = null;
  let wanted = null;
  let isDisposed = false;

  async function load() {
    if (run.status === "running" || run.inside === "off" || !run.inside) return;
    fill(element, loading(t("Loading stacks")));
    let inside;
    try {
      inside = await backend.getInside(run.id);
    } catch (error) {
      if (!isDisposed) fill(element, error.status === 404 ? null : problem(error, load));
      return;
    }
    if (isDisposed) return;
    const { stacks, owner_times: times, kernels } = inside;
    if (!stacks?.trees.length && !kernels.length) {
      fill(element);
      return;
    }
    const place = h("div", {});
    fill(
      element,
      h("h3", {}, t("Inside the nodes")),
      stacks?.trees.length ? place : null,
      stacks?.truncated ? h("p", { class: "hp-note" }, t("So many different calls were seen that the deepest are left out.")) : null,
      owners(times),
      kernels.map(operators),
    );
    if (stacks?.trees.length) {
      flame = createFlame(place, stacks, { titles, groups: Object.fromEntries(groups.map(({ name, members }) => [name, members ?? []])) });
      if (wanted !== null) flame.show(wanted);
    }
  }

  /** Time by owner, of the run or of one node; who slows another's node down is marked. */
  function owners(times) {
    if (!times.length) return null;
    const place = h("div", {});
    const ids = [...new Set(times.map((entry) => entry.node_id))];
    const choose = (id) => {
      const sums = new Map();
      let total = 0;
      for (const entry of times) {
        if (id && entry.node_id !== id) continue;
        const key = `${entry.kind}\n${entry.owner}`;
        const sum = sums.get(key) ?? { ...entry, time_s: 0, is_foreign: false };
        sum.time_s += entry.time_s;
        sum.is_foreign ||= Boolean(entry.is_foreign);
        sums.set(key, sum);
        total += entry.time_s;
      }
      const rows = [...sums.values()].sort((a, b) => b.time_s - a.time_s).slice(0, OWNERS);
      fill(
        place,
        table(
          [[t("Code of")], [t("Time")], [t("Share")]],
          rows.map((entry) =>
            h(
              "tr",
              {},
              h(
                "td",
                {},
                h("span", { class: "hp-swatch", style: { background: ownerColor(entry.kind, entry.owner) } }),
                entry.kind === "gpu_wait" ? t("waiting for the GPU") : entry.owner,
                entry.is_foreign ? h("span", { class: "hp-chip", title: t("This pack's code runs inside nodes that are not its own") }, t("in other nodes")) : null,
              ),
              number(seconds(entry.time_s)),
              number(share(total ? entry.time_s / total : null)),
            ),
          ),
          "hp-inside-table",
        ),
      );
    };
    choose("");
    const options = [["", t("Whole run")], ...ids.map((id) => [id, `${titles[id] ?? ""} #${id}`])];
    return h("details", { class: "hp-fold", open: true }, h("summary", { title: t("What torch and other libraries do counts for the code that called them") }, t("Whose code took the time")), select(options, "", choose, { "aria-label": t("Nodes") }), place);
  }

  const saveTrace = (node) => saveFile(context, backend.getKernelTrace(run.id, node.node_id), node.trace_file);

  function operators(node) {
    const hasDevice = node.operators.some((entry) => typeof entry.self_device_s === "number");
    const partly = typeof node.recorded_s === "number";
    const slower = partly
      ? t("{part} of its {time} were recorded: more would take too much memory.", { part: seconds(node.recorded_s), time: seconds(node.exec_time) })
      : node.usual_s && node.exec_time
        ? t("{time} while recording, {usual} without (run {id}): {factor} times as long.", {
            time: seconds(node.exec_time),
            usual: seconds(node.usual_s),
            id: node.usual_run_id,
            factor: grouped(node.exec_time / node.usual_s, 1),
          })
        : t("How long it takes without recording is not known.");
    return openFold(
      t("Operators inside {name}", { name: `${titles[node.node_id] ?? ""} #${node.node_id}` }),
      h("p", { class: "hp-muted" }, slower),
      node.trace_file ? button(t("Perfetto trace"), () => saveTrace(node), { iconName: "download" }) : null,
      table(
        [[t("Operator")], [t("Calls")], [t("CPU")], ...(hasDevice ? [[t("GPU")]] : []), [t("Memory")]],
        node.operators.slice(0, OPERATORS).map((entry) =>
          h(
            "tr",
            {},
            h("td", {}, entry.name, entry.shapes ? h("div", { class: "hp-muted" }, entry.shapes) : null),
            number(count(entry.calls)),
            number(seconds(entry.self_cpu_s)),
            hasDevice ? number(seconds(entry.self_device_s)) : null,
            number(bytes(hasDevice ? entry.device_bytes : entry.cpu_bytes)),
          ),
        ),
        "hp-inside-table",
      ),
    );
  }

  const ready = load();
  return {
    element,
    ready,
    /** Keep the flame to one node. */
    show(nodeId) {
      wanted = nodeId;
      flame?.show(nodeId);
    },
    dispose() {
      isDisposed = true;
      flame?.dispose();
    },
  };
}
