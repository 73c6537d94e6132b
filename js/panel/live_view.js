// The run that is going on, and the summary of the last one. Stands below every view, so that it moves none.

import { button, fill, h, iconButton } from "../ui/dom.js";
import { bytes, percent, range, runLabel, seconds, statusWord } from "../ui/format.js";
import { t, tn } from "../ui/i18n.js";
import { figures } from "../ui/widgets.js";
import { highlight, showNodes } from "../comfy/canvas.js";
import * as model from "../run/live_model.js";

const REDRAW_MS = 250;
const BARS = 4;

/** `actions.open(runId)` shows a run. Returns `{element, dispose}`. */
export function createLiveView({ live, actions }) {
  const element = h("section", { class: "hp-live", "aria-label": t("Current run") });
  let timer = null;
  // The bars are drawn anew several times a second, so the listeners sit above them.
  const nodeOf = (event) => event.target.closest?.("[data-node-id]")?.dataset.nodeId;
  element.addEventListener("pointerover", (event) => highlight(nodeOf(event) ? [nodeOf(event)] : null));
  element.addEventListener("pointerleave", () => highlight(null));
  element.addEventListener("pointerdown", (event) => {
    const id = nodeOf(event);
    if (id) showNodes([id]);
  });

  const draw = () => {
    const state = live.state;
    element.hidden = !state.active && !state.last && !state.warnings.length;
    if (state.active) drawRunning(element, state);
    else drawLast(element, state, { live, actions });
  };

  const tick = () => {
    timer = null;
    draw();
    if (live.state.active) timer = setTimeout(tick, REDRAW_MS);
  };

  const unsubscribe = live.subscribe((state) => {
    if (!state.active) {
      clearTimeout(timer);
      timer = null;
      draw();
    } else if (timer === null) tick();
  });
  tick();

  return {
    element,
    dispose() {
      unsubscribe();
      clearTimeout(timer);
      highlight(null);
    },
  };
}

function drawRunning(element, state) {
  const now = Date.now();
  const { vram_bytes: vram, ram_bytes: ram, gpu_load_percent: gpu } = state.now;
  const total = state.total ?? null;
  const done = total === null ? state.done : Math.min(state.done, total);
  const rows = model.bars(state, now, BARS);
  fill(
    element,
    h(
      "div",
      { class: "hp-live-head" },
      h("span", { class: "hp-pulse", "aria-hidden": "true" }),
      h("strong", { class: "hp-ellipsis", title: state.name }, state.name || t("Profiled run")),
      h("span", { class: "hp-live-elapsed" }, elapsedText(state, now)),
    ),
    h("progress", {
      class: "hp-progress",
      "aria-label": t("Nodes done"),
      ...(total ? { max: total, value: done } : {}),
    }),
    h(
      "div",
      { class: "hp-live-now" },
      h(
        "span",
        { class: "hp-ellipsis", title: state.current?.title ?? "" },
        nowText(state, done, total),
      ),
      h("span", { class: "hp-muted hp-nowrap" }, total ? tn("{done} of {n} node|{done} of {n} nodes", total, { done }) : tn("{n} node|{n} nodes", done)),
    ),
    figures([
      [t("VRAM"), vram, bytes],
      [t("RAM"), ram, bytes],
      [t("GPU"), gpu, percent],
    ]),
    h("ol", { class: "hp-bars" }, rows.map(bar)),
  );
}

function elapsedText(state, now) {
  const elapsed = seconds(model.elapsed_s(state, now));
  const left = model.left_s(state, now);
  if (left === null) return elapsed;
  const [low, high] = [Math.floor(left.low), Math.ceil(left.high)];
  return t("{elapsed}, about {left} left", { elapsed, left: high - low > 1 ? range(low, high, seconds) : seconds(high) });
}

function nowText(state, done, total) {
  if (state.current) {
    const name = state.current.title || `#${state.current.node_id}`;
    if (state.stuckIn) {
      const { name: where, owner, seconds: spent_s } = state.stuckIn;
      return `${name} · ${t("in {where} ({owner}) for {time}", { where, owner, time: seconds(Math.round(spent_s)) })}`;
    }
    return state.progress ? `${name} · ${t("step {value} of {max}", state.progress)}` : name;
  }
  return total !== null && done >= total ? t("all nodes done") : t("between nodes");
}

function bar(row) {
  return h(
    "li",
    {
      class: `hp-bar ${row.running ? "hp-bar-running" : ""}`,
      dataset: { nodeId: row.node_id },
    },
    h("span", { class: "hp-bar-fill", style: { width: `${(row.share * 100).toFixed(1)}%` }, "aria-hidden": "true" }),
    h("span", { class: "hp-bar-name" }, row.title || `#${row.node_id}`),
    h("span", { class: "hp-bar-time" }, row.status === "cached" ? t("cached") : seconds(row.time_s)),
  );
}

function drawLast(element, state, { live, actions }) {
  const { last, warnings } = state;
  fill(
    element,
    last
      ? h(
          "div",
          { class: "hp-last" },
          h(
            "div",
            { class: "hp-last-text" },
            h("span", { class: `hp-chip hp-status-${last.status}` }, statusWord(last.status)),
            h("strong", { title: last.headline }, last.headline || `${runLabel({ name: last.name, id: last.run_id })}: ${seconds(last.total_time)}`),
          ),
          last.run_id ? button(t("Open"), () => actions.open(last.run_id)) : null,
          iconButton("times", t("Dismiss"), () => live.dismiss()),
        )
      : null,
    warnings.map((warning) => h("p", { class: "hp-warning", role: "status", title: warning }, warning)),
    !last && warnings.length ? button(t("Dismiss"), () => live.dismiss()) : null,
  );
}
