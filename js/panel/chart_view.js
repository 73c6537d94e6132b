// The report's picture in the panel. Drawn by the server only when it is looked at.

import * as backend from "../comfy/api.js";
import { fill, h } from "../ui/dom.js";
import { theme } from "../comfy/app.js";
import { loading, problem } from "../ui/messages.js";

/** Returns `{element, refresh, dispose}`. */
export function createChartView({ context, run }) {
  let url = null;
  let request = null;
  const holder = h("div", { class: "hp-chart" });
  const element = h(
    "details",
    {
      class: "hp-fold",
      open: context.prefs.getPanel("chart_open", true),
      on: {
        toggle: () => {
          context.prefs.setPanel("chart_open", element.open);
          if (element.open && !url) draw();
        },
      },
    },
    h("summary", {}, "Chart"),
    holder,
  );

  const wantedTheme = () => {
    const chosen = context.prefs.get("theme");
    return chosen === "dark" || chosen === "light" ? chosen : theme();
  };

  async function draw() {
    request?.abort();
    const mine = new AbortController();
    request = mine;
    fill(holder, loading("Drawing"));
    try {
      const blob = await backend.exportRun(run.id, "png", { theme: wantedTheme() }, { signal: mine.signal });
      if (request !== mine) return;
      release();
      url = URL.createObjectURL(blob);
      const image = h("img", { src: url, alt: `Timeline, memory and load of the run`, loading: "lazy" });
      fill(
        holder,
        h("a", { href: url, target: "_blank", rel: "noopener", title: "Open the picture in full size" }, image),
      );
    } catch (error) {
      if (error.name !== "AbortError") fill(holder, problem(error, draw));
    }
  }

  function release() {
    if (url) URL.revokeObjectURL(url);
    url = null;
  }

  if (element.open) draw();
  return {
    element,
    refresh() {
      release();
      if (element.open) draw();
    },
    dispose() {
      request?.abort();
      release();
    },
  };
}
