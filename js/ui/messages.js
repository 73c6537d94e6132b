// What the panel says where there is nothing to show: always with what to do next.

import { button, h, icon } from "./dom.js";

export function problem(error, retry) {
  return h(
    "div",
    { class: "hp-empty hp-problem", role: "alert" },
    icon("exclamation-triangle"),
    h("p", {}, error?.message ?? String(error)),
    retry ? button("Try again", retry) : null,
  );
}

export function loading(text = "Loading") {
  return h("p", { class: "hp-empty hp-muted", role: "status" }, `${text}…`);
}

export function emptyHistory({ filtered, actions, clear }) {
  if (filtered) {
    return h(
      "div",
      { class: "hp-empty" },
      h("p", {}, "No run matches these filters."),
      button("Clear filters", clear),
    );
  }
  const hasStart = actions.hasStart();
  return h(
    "div",
    { class: "hp-empty" },
    icon("stopwatch"),
    h("p", {}, h("strong", {}, "No runs recorded yet.")),
    h(
      "p",
      {},
      hasStart
        ? "This workflow has a Profiler Start. Run it once, and the run appears here."
        : "Put a Profiler Start and a Profiler Report into this workflow, then run it. No wires needed.",
    ),
    hasStart
      ? button("Run profile", actions.run, { class: "hp-primary", iconName: "play" })
      : button("Add Start and Report", actions.addNodes, { class: "hp-primary", iconName: "plus" }),
  );
}
