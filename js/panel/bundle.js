// A run as a bug report: the bundle with everything, the short text to paste, and taking in a bundle.

import * as backend from "../comfy/api.js";
import { button, h } from "../ui/dom.js";
import { msg, t, tn } from "../ui/i18n.js";
import { attempt, fold, wrappedRow } from "../ui/widgets.js";
import { copyMarkdown, saveFile } from "./export.js";

/** What one does to report a slow or failed run. */
export function reportTools(context, run) {
  const texts = h("input", { type: "checkbox" });
  const save = () => saveFile(context, backend.getBundle(run.id, texts.checked), `profile_${run.id}.zip`);
  return fold(
    t("Report a problem"),
    h("p", { class: "hp-muted" }, t("The bundle holds the report, all numbers, stacks, versions and the differences to the baseline. Secrets and your home folder are left out. Whoever gets it can import it in their own Profiler tab.")),
    wrappedRow(
      button(t("Save bundle"), save, { iconName: "box" }),
      h("label", { class: "hp-flame-check" }, texts, t("with the texts of prompts")),
      button(t("Copy for an issue"), () => copyMarkdown(context, run, "issue"), { iconName: "copy" }),
    ),
  );
}

/** What the server may say about a file that it took. */
const NOTES = [
  msg("If ComfyUI was running when this file was copied, its newest runs may be missing: they are in the file beside it whose name ends in -wal. Stop that ComfyUI, copy again and import again; no run is imported twice."),
];

/** A button that takes a bundle, or the history of another profiler, into this history. */
export function importButton(context, after) {
  const picker = h("input", { type: "file", accept: ".zip,.db,.sqlite", hidden: true, on: { change: take } });
  async function take() {
    const [file] = picker.files;
    picker.value = "";
    if (!file) return;
    await attempt(context, async () => {
      const found = await backend.importRuns(file);
      const skipped = found.skipped_runs ? ` ${tn("{n} was here already.|{n} were here already.", found.skipped_runs)}` : "";
      const notes = (found.notes ?? []).map((note) => ` ${t(note)}`).join("");
      context.say(`${tn("Imported {n} run.|Imported {n} runs.", found.runs)}${skipped}${notes}`, { stays: Boolean(notes) });
      after();
    });
  }
  return h("span", {}, picker, button(t("Import"), () => picker.click(), { iconName: "upload", title: t("Import a bundle, or the history of another profiler") }));
}
