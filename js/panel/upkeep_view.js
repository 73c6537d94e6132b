// Keeping the history small, taking others in, and starting anew.

import * as backend from "../comfy/api.js";
import { ask } from "../ui/dialog.js";
import { button, field, fill, h } from "../ui/dom.js";
import { bytes } from "../ui/format.js";
import { t, tn } from "../ui/i18n.js";
import { attempt, fold, wrappedRow } from "../ui/widgets.js";
import { importButton } from "./bundle.js";
import { keepLimits } from "./statistics_sums.js";

/** What has to be typed, also by programs: see `POST history/reset`. */
const CONFIRMATION = "delete all runs";

/** `after()`: the history has changed. Returns `{element, update(totals)}`. */
export function createUpkeep(context, after) {
  const input = (label) => h("input", { class: "hp-input", type: "number", min: 0, step: "any", "aria-label": label, on: { input: () => fill(found), change: () => always.checked && keepAlways() } });
  const fields = { days: input(t("Days")), runs: input(t("Runs")), gigabytes: input("GB") };
  const always = h("input", { type: "checkbox", on: { change: () => keepAlways() } });
  const found = h("div", { class: "hp-row hp-wrap", role: "status" });
  const size = h("div", {});

  const guarded = (action) => () => attempt(context, action);
  const limits = () => keepLimits(Object.fromEntries(Object.entries(fields).map(([name, { value }]) => [name, value])));

  /** The limits as settings, which the server keeps to by itself; none where it is not to. */
  const keepAlways = guarded(async () => {
    const wanted = always.checked ? limits() : {};
    if (!wanted) {
      always.checked = false;
      await backend.putSettings({ keep_days: null, keep_runs: null, keep_bytes: null });
      return context.say(t("Say first how many days, runs or gigabytes to keep."));
    }
    await backend.putSettings({ keep_days: null, keep_runs: null, keep_bytes: null, ...wanted });
    return context.say(always.checked ? t("Runs beyond that go by themselves from now on.") : t("No run goes by itself any more."));
  });

  function showSettings() {
    const [days, runs, size] = ["keep_days", "keep_runs", "keep_bytes"].map(context.prefs.get);
    const texts = { days, runs, gigabytes: typeof size === "number" ? size / 1024 ** 3 : null };
    always.checked = Object.values(texts).some((value) => typeof value === "number");
    for (const [name, value] of Object.entries(texts)) if (typeof value === "number") fields[name].value = String(value);
  }

  const preview = guarded(async () => {
    if (!limits()) return context.say(t("Say first how many days, runs or gigabytes to keep."));
    const { runs } = await backend.tidyHistory({ ...limits(), preview: true });
    fill(
      found,
      h("span", {}, runs ? tn("{n} run would go, for good.|{n} runs would go, for good.", runs) : t("Nothing is beyond that.")),
      runs ? button(tn("Remove {n} run|Remove {n} runs", runs), guarded(() => tidy(limits())), { iconName: "trash" }) : null,
    );
  });

  async function tidy(wanted) {
    const { runs, bytes_before: before, bytes_after: now } = await backend.tidyHistory(wanted);
    const space = typeof before === "number" ? ` ${t("{before} → {after} on disk.", { before: bytes(before), after: bytes(now) })}` : "";
    context.say(`${tn("Removed {n} run.|Removed {n} runs.", runs)}${space}`);
    fill(found);
    after();
  }

  const reset = guarded(async () => {
    const typed = h("input", { class: "hp-input", type: "text", "aria-label": t("Type here"), autocomplete: "off" });
    const answer = await ask({
      title: t("Delete the whole history?"),
      body: [
        h("p", {}, t("All runs, groups and references go, pinned ones too. This cannot be undone.")),
        h("p", {}, t("To go on, type: {words}", { words: CONFIRMATION })),
        typed,
      ],
      buttons: [
        { id: "cancel", label: t("Cancel"), primary: true },
        { id: "reset", label: t("Delete everything") },
      ],
      cancelId: "cancel",
    });
    if (answer !== "reset") return;
    if (typed.value.trim() !== CONFIRMATION) return context.say(t("Nothing was deleted: the words were not typed."), { tone: "error" });
    context.selection.clear();
    const { runs } = await backend.resetHistory(CONFIRMATION);
    context.say(tn("Removed {n} run.|Removed {n} runs.", runs));
    after();
  });

  const takeIn = guarded(async () => {
    const { runs, skipped_runs: skipped } = await backend.takeInHistory();
    const known = skipped ? ` ${tn("{n} was here already.|{n} were here already.", skipped)}` : "";
    context.say(`${tn("Imported {n} run.|Imported {n} runs.", runs)}${known}`);
    after();
  });

  async function resetViews() {
    const isDone = await context.change(async () => {
      const { defaults } = await backend.getSettings();
      const { step_columns, step_sort, run_sort, page_size, minimum_time_s, run_count } = defaults;
      await backend.putSettings({ step_columns, step_sort, run_sort, page_size, minimum_time_s, run_count, panel: {} });
      await context.prefs.load({ again: true });
    });
    if (!isDone) return;
    for (const name of Object.keys(context.kept)) delete context.kept[name];
    context.say(t("The views are as they were at first."));
  }

  const element = fold(
    t("Upkeep"),
    h("p", { class: "hp-muted" }, t("Keep only the newest runs. Pinned and commented ones always stay.")),
    wrappedRow(field(t("Days"), fields.days), field(t("Runs"), fields.runs), field("GB", fields.gigabytes), button(t("Count"), preview)),
    h("label", { class: "hp-check" }, always, t("Keep to this after every run")),
    found,
    size,
    wrappedRow(
      button(t("Give space back"), guarded(() => tidy({ keep_days: 100_000 })), { title: t("Compacts the history's file; no run is removed") }),
      importButton(context, after),
      button(t("Take in ComfyUI's history"), takeIn, { iconName: "download", title: t("Runs that ComfyUI itself still remembers, without their nodes; each is taken once") }),
      button(t("Reset the views"), resetViews, { title: t("Columns, order, filters and what is folded, as they were at first") }),
      button(t("Delete the whole history…"), reset, { iconName: "trash" }),
    ),
  );
  showSettings();
  return {
    element,
    update: ({ size_bytes: now }) => fill(size, typeof now === "number" ? h("p", { class: "hp-muted" }, t("The history takes {size}.", { size: bytes(now) })) : null),
  };
}
