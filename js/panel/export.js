// Saving runs as files, and a run as Markdown to paste.

import * as backend from "../comfy/api.js";
import { theme } from "../comfy/app.js";
import { h } from "../ui/dom.js";
import { t } from "../ui/i18n.js";
import { attempt } from "../ui/widgets.js";

/** `[format, label]` of what a run can be saved as. */
export const FORMATS = () => [
  ["png", t("Picture (png)")],
  ["html", t("Web page (html)")],
  ["md", t("Markdown (md)")],
  ["txt", t("Text table (txt)")],
  ["csv", t("Spreadsheet (csv)")],
  ["json", t("Everything (json)")],
  ["trace", t("Perfetto trace")],
  ["speedscope", t("Stacks for speedscope")],
  ["collapsed", t("Collapsed stacks (txt)")],
];

const EXTENSIONS = { trace: "trace.json", speedscope: "speedscope.json", collapsed: "collapsed.txt", issue: "md" };

/** Hand the file that `fetched` resolves with to the browser's downloads. */
export function saveFile(context, fetched, name) {
  return attempt(context, async () => {
    const url = URL.createObjectURL(await fetched);
    h("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  });
}

const lookOf = (context) => {
  const chosen = context.prefs.get("theme");
  return { theme: chosen === "dark" || chosen === "light" ? chosen : theme() };
};

/** The run as a web page in a window of its own. */
export const openWindow = (context, runId) =>
  attempt(context, async () => window.open(URL.createObjectURL(await backend.exportRun(runId, "html", lookOf(context))), "_blank"));

export async function download(context, run, format) {
  if (!format) return;
  const file = backend.exportRun(run.id, format, lookOf(context));
  await saveFile(context, file, `profile_${run.id}.${EXTENSIONS[format] ?? format}`);
}

/** `format`: md, or issue for the short text. */
export const copyMarkdown = (context, run, format = "md") =>
  copyText(context, () => backend.exportRun(run.id, format), `profile_${run.id}.${EXTENSIONS[format] ?? format}`, t("The run is on the clipboard as Markdown."));

/** Put what `file()` resolves with, a Blob, on the clipboard and say so; where there is no clipboard, save it. */
export const copyText = (context, file, name, message) =>
  attempt(context, async () => {
    const blob = await file();
    try {
      await navigator.clipboard.writeText(await blob.text());
      context.say(message);
    } catch {
      await saveFile(context, blob, name); // without HTTPS there is no clipboard: the file says the same
    }
  });

/** Runs as one file, which the Import of another Profiler takes. */
export const downloadHistory = (context, ids) =>
  saveFile(context, backend.exportHistory(ids), ids.length === 1 ? `run_${ids[0]}.profile.db` : `${ids.length}_runs.profile.db`);
