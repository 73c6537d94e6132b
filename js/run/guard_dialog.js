// The question that the guard asks: what changed, in words, and what to do.

import { h } from "../ui/dom.js";
import { ask } from "../ui/dialog.js";
import { byKind, changeMore, changeName } from "./guard_policy.js";
import { plural } from "../ui/format.js";

const SHOWN_A_KIND = 12;

function changeList(changes) {
  return h(
    "ul",
    { class: "hp-changes" },
    byKind(changes).map(({ kind, changes: ofKind }) =>
      h(
        "li",
        {},
        h("span", { class: `hp-chip hp-change-${kind}` }, kind),
        h(
          "ul",
          {},
          ofKind.slice(0, SHOWN_A_KIND).map((change) =>
            h(
              "li",
              {},
              h("strong", {}, changeName(change)),
              h("span", { class: "hp-muted" }, ` ${changeMore(change)}`),
            ),
          ),
          ofKind.length > SHOWN_A_KIND ? h("li", { class: "hp-muted" }, `and ${ofKind.length - SHOWN_A_KIND} more`) : null,
        ),
      ),
    ),
  );
}

/** Resolves with "update", "force", "show" or "cancel". */
export function askAboutChanges(answer, policy) {
  const changes = answer.changes ?? [];
  return ask({
    title: policy === "block" ? "Blocked: the workflow has changed" : "The workflow has changed",
    className: "hp-guard",
    body: [
      h(
        "p",
        {},
        `${plural(changes.length, "change")} since you last pressed Update nodes. `,
        policy === "block"
          ? "Profiler Start is set to block such runs, so that the history stays comparable."
          : "Measured now, this run would be a different workflow from the ones in your history.",
      ),
      changeList(changes),
    ],
    buttons: [
      { id: "update", label: "Update & run", primary: true, title: "Make this the new reference, then run" },
      { id: "force", label: "Force run", title: "Run as it is; the run is marked as forced" },
      { id: "show", label: "Show changes", title: "Do not run; select the changed nodes on the canvas" },
      { id: "cancel", label: "Cancel", title: "Do not run (Esc)" },
    ],
    cancelId: "cancel",
  });
}
