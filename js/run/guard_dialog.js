// The question that the guard asks: what changed, in words, and what to do.

import { h } from "../ui/dom.js";
import { ask } from "../ui/dialog.js";
import { t, tn } from "../ui/i18n.js";
import { byKind, changeDetail, changeName, kindWord } from "./guard_policy.js";

const SHOWN_A_KIND = 12;

function changeList(changes) {
  return h(
    "ul",
    { class: "hp-changes" },
    byKind(changes).map(({ kind, changes: ofKind }) =>
      h(
        "li",
        {},
        h("span", { class: `hp-chip hp-change-${kind}` }, kindWord(kind)),
        h(
          "ul",
          {},
          ofKind.slice(0, SHOWN_A_KIND).map((change) =>
            h(
              "li",
              {},
              h("strong", {}, changeName(change)),
              h("span", { class: "hp-muted" }, ` ${changeDetail(change)}`),
            ),
          ),
          ofKind.length > SHOWN_A_KIND ? h("li", { class: "hp-muted" }, t("and {n} more", { n: ofKind.length - SHOWN_A_KIND })) : null,
        ),
      ),
    ),
  );
}

/** Resolves with "update", "force", "show" or "cancel". */
export function askAboutChanges(answer, policy) {
  const changes = answer.changes ?? [];
  return ask({
    title: policy === "block" ? t("Blocked: the workflow has changed") : t("The workflow has changed"),
    className: "hp-guard",
    body: [
      h("p", {}, tn("{n} change since you last pressed Update nodes.|{n} changes since you last pressed Update nodes.", changes.length)),
      h(
        "p",
        {},
        policy === "block"
          ? t("Profiler Start is set to block such runs, so that the history stays comparable.")
          : t("Measured now, this run would be a different workflow from the ones in your history."),
      ),
      changeList(changes),
    ],
    buttons: [
      { id: "update", label: t("Update & run"), primary: true, title: t("Make this the new reference, then run") },
      { id: "force", label: t("Force run"), title: t("Run as it is; the run is marked as forced") },
      { id: "show", label: t("Show changes"), title: t("Do not run; select the changed nodes on the canvas") },
      { id: "cancel", label: t("Cancel"), title: t("Do not run (Esc)") },
    ],
    cancelId: "cancel",
  });
}
