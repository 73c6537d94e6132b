// The tags of runs: shown as chips, given to one run or to several at once.

import * as backend from "../comfy/api.js";
import { button, h, iconButton, select } from "../ui/dom.js";
import { t } from "../ui/i18n.js";
import { editInline } from "../ui/widgets.js";
import { parseTags } from "./runs_query.js";

/** `run`'s tags, each with a button that takes it away, and a field for more. */
export function tagEditor(context, run) {
  const save = (tags) => context.change(() => backend.patchRun(run.id, { tags }));
  const tags = run.tags ?? [];
  const add = button(t("Add tag"), () => editInline(add, { value: "", label: t("Tags, separated by commas"), save: (text) => save([...tags, ...parseTags(text)]) }), { iconName: "tag" });
  return h(
    "div",
    { class: "hp-tags hp-tag-editor" },
    tags.map((tag) =>
      h("span", { class: "hp-chip hp-tag" }, tag, iconButton("times", t("Remove {name}", { name: tag }), () => save(tags.filter((other) => other !== tag)))),
    ),
    add,
  );
}

/** Give or take a tag of all of `ids`; `known`: tags that there are. `after()` is called when done. */
export function tagMany(context, ids, known, after) {
  const apply = async (change) => {
    await context.change(async () => {
      const runs = await Promise.all(ids.map((id) => backend.getRun(id)));
      await Promise.all(runs.map(({ run }) => backend.patchRun(run.id, { tags: change(run.tags ?? []) })));
    });
    after();
  };
  const control = select(
    [["", t("Tag…")], ["new", t("New tag…")], ...known.map((tag) => [`+${tag}`, t("Add {tag}", { tag })]), ...known.map((tag) => [`-${tag}`, t("Remove {name}", { name: tag })])],
    "",
    (choice) => {
      const tag = choice.slice(1);
      if (choice === "new") editInline(control, { value: "", label: t("Tags, separated by commas"), save: (text) => apply((tags) => [...tags, ...parseTags(text)]) });
      else if (choice.startsWith("+")) apply((tags) => [...tags, tag]);
      else if (choice) apply((tags) => tags.filter((other) => other !== tag));
      control.value = "";
    },
    { "aria-label": t("Tag the selected runs") },
  );
  return control;
}
