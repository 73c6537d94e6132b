// What to try next for one run. Takes no room where there is nothing to say.

import * as backend from "../comfy/api.js";
import { button, fill, h } from "../ui/dom.js";
import { seconds, share } from "../ui/format.js";
import { msg, t } from "../ui/i18n.js";
import { nodeLink, problem } from "../ui/widgets.js";

const ENTRIES_AT_ONCE = 4;
const SEVERITIES = { high: msg("important"), medium: msg("worth a try"), low: msg("good to know") };

/** `run`, `steps` as `GET runs/{id}` gives them. Returns `{element, update, dispose}`. */
export function createAdviceView({ context, run, steps }) {
  let shown = { run, steps };
  let request = null;
  const element = h("section", { class: "hp-advice", "aria-label": t("What to try"), hidden: true });

  async function load() {
    if (shown.run.status === "running") return;
    request?.abort();
    const mine = new AbortController();
    request = mine;
    try {
      const { recommendations } = await backend.getRecommendations(run.id, { signal: mine.signal });
      if (request === mine) draw(recommendations);
    } catch (error) {
      if (error.name === "AbortError") return;
      element.hidden = false;
      fill(element, heading(), problem(error, load));
    }
  }

  const heading = () => h("h3", {}, t("What to try"));

  function draw(entries, limit = ENTRIES_AT_ONCE) {
    element.hidden = !entries.length;
    fill(
      element,
      heading(),
      h("ul", {}, entries.slice(0, limit).map(item)),
      entries.length > limit ? button(t("Show {n} more", { n: entries.length - limit }), () => draw(entries, Infinity)) : null,
    );
  }

  function item({ severity, text, node_ids: ids, saving_s }) {
    return h(
      "li",
      {
        class: `hp-advice-${severity}`,
        on: { mouseenter: () => context.highlight(ids), mouseleave: () => context.highlight(null) },
      },
      h(
        "div",
        { class: "hp-advice-head" },
        h("span", { class: "hp-chip" }, SEVERITIES[severity] ? t(SEVERITIES[severity]) : severity),
        saving_s ? h("span", { class: "hp-muted" }, saving(saving_s)) : null,
      ),
      h("p", {}, text),
      ids.length ? h("p", { class: "hp-advice-nodes" }, ids.map((id) => nodeLink(context, nodeOf(id)))) : null,
    );
  }

  const saving = (saved_s) => {
    const total_s = shown.run.total_time;
    const values = { time: seconds(saved_s), share: share(saved_s / total_s) };
    return total_s > 0 ? t("could save up to {time}, {share} of this run", values) : t("could save up to {time}", values);
  };

  const nodeOf = (id) => shown.steps.find((step) => step.node_id === id) ?? { node_id: id, node_title: t("Node") };

  load();
  return {
    element,
    /** The same run, read anew: there is something to say about it once it has ended. */
    update(fresh) {
      const hasChanged = fresh.run.status !== shown.run.status;
      shown = fresh;
      if (hasChanged) load();
    },
    dispose() {
      request?.abort();
      context.highlight(null);
    },
  };
}
