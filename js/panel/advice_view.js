// What to try next for one run. Takes no room where there is nothing to say.

import * as backend from "../comfy/api.js";
import { button, fill, h, iconButton } from "../ui/dom.js";
import { seconds, share } from "../ui/format.js";
import { msg, t, tn } from "../ui/i18n.js";
import { nodeLink, pointsAt, problem, wrappedRow } from "../ui/widgets.js";

const ENTRIES_AT_ONCE = 4;
const SEVERITIES = { high: msg("important"), medium: msg("worth a try"), low: msg("good to know") };

/** `run`, `steps` as `GET runs/{id}` gives them. Returns `{element, ready, update, dispose}`. */
export function createAdviceView({ context, run, steps }) {
  const workflow = run.workflow_id || run.workflow_hash || "";
  let shown = { run, steps };
  const element = h("section", { class: "hp-advice", "aria-label": t("What to try"), hidden: true });

  const advice = backend.newest(
    (options) => backend.getRecommendations(run.id, options),
    ({ recommendations, dismissed }) => draw(recommendations, dismissed),
    (error) => {
      element.hidden = false;
      fill(element, heading(), problem(error, load));
    },
  );

  async function load() {
    if (shown.run.status !== "running") await advice.load();
  }

  const heading = () => h("h3", {}, t("What to try"));

  function draw(entries, dismissed, limit = ENTRIES_AT_ONCE) {
    element.hidden = !entries.length && !dismissed;
    fill(
      element,
      heading(),
      h("ul", {}, entries.slice(0, limit).map(item)),
      entries.length > limit ? button(t("Show {n} more", { n: entries.length - limit }), () => draw(entries, dismissed, Infinity)) : null,
      dismissed ? button(tn("Bring back {n} that was dismissed|Bring back {n} that were dismissed", dismissed), bringBack) : null,
    );
  }

  /** Change the list of what is dismissed, as it is on the server now, and draw anew. */
  async function setDismissed(change) {
    const isDone = await context.change(async () => {
      const { settings } = await backend.getSettings();
      await backend.putSettings({ dismissed_advice: change(settings.dismissed_advice) });
    });
    if (isDone) await load();
  }

  const bringBack = () => setDismissed((keys) => keys.filter((key) => !key.startsWith(`${workflow}:`)));

  async function dismiss(key) {
    await setDismissed((keys) => [...new Set([...keys, key])]);
    context.say(t("Not shown for this workflow any more."), { action: () => setDismissed((keys) => keys.filter((other) => other !== key)) });
  }

  /** What can be done about it with one click, by the kind of action; none changes the workflow. */
  const remedies = {
    select_nodes: ({ node_ids: ids }) =>
      ids.length > 1 ? button(t("Select them"), () => context.showNode(...ids), { title: t("Select these nodes on the canvas") }) : null, // one is a link already
    add_to_group: ({ node_ids: ids }) =>
      run.workflow_id
        ? button(t("Make a group"), () => context.change(() => backend.createGroup({ name: t("Group from advice"), members: ids, workflow_id: run.workflow_id })), {
            title: t("A profiler group of these nodes, to follow what they come to"),
          })
        : null,
    compare_with: ({ run_id: other }) => button(t("Compare with run {id}", { id: other }), () => context.actions.compare([other, run.id])),
    pin_baseline: ({ run_id: other }) =>
      button(t("Pin run {id} as baseline", { id: other }), () => context.change(() => backend.patchRun(other, { pinned: true })), {
        title: t("Later runs are compared with it"),
      }),
  };

  function item(entry) {
    const { severity, text, node_ids: ids, saving_s, key } = entry;
    const actions = entry.actions.map((action) => remedies[action.kind]?.(action)).filter(Boolean);
    return h(
      "li",
      {
        class: `hp-advice-${severity}`,
        on: pointsAt(context, ids),
      },
      h(
        "div",
        { class: "hp-advice-head" },
        h("span", { class: "hp-chip" }, SEVERITIES[severity] ? t(SEVERITIES[severity]) : severity),
        saving_s ? h("span", { class: "hp-muted" }, saving(saving_s)) : null,
        iconButton("eye-slash", t("Do not show this for this workflow"), () => dismiss(key)),
      ),
      h("p", {}, text),
      ids.length ? h("p", { class: "hp-advice-nodes" }, ids.map((id) => nodeLink(context, nodeOf(id)))) : null,
      actions.length ? wrappedRow(actions) : null,
    );
  }

  const saving = (saved_s) => {
    const total_s = shown.run.total_time;
    const values = { time: seconds(saved_s), share: share(saved_s / total_s) };
    return total_s > 0 ? t("could save up to {time}, {share} of this run", values) : t("could save up to {time}", values);
  };

  const nodeOf = (id) => shown.steps.find((step) => step.node_id === id) ?? { node_id: id, node_title: t("Node") };

  const ready = load();
  return {
    element,
    ready,
    /** The same run, read anew: there is something to say about it once it has ended. */
    update(fresh) {
      const hasChanged = fresh.run.status !== shown.run.status;
      shown = fresh;
      if (hasChanged) load();
    },
    dispose() {
      advice.stop();
      context.highlight(null);
    },
  };
}
