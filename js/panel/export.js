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
export async function copyMarkdown(context, run, format = "md") {
  try {
    const text = await (await backend.exportRun(run.id, format)).text();
    await navigator.clipboard.writeText(text);
    context.say(t("The run is on the clipboard as Markdown."));
  } catch (error) {
    // without HTTPS there is no clipboard: the file says the same
    if (error instanceof backend.BackendError) context.say(error.message, { tone: "error" });
    else await download(context, run, format);
  }
}
