// The settings that ComfyUI's own dialog does not have, since ComfyUI's process and not its page needs them.

import * as backend from "../comfy/api.js";
import { fill, h, select } from "../ui/dom.js";
import { msg, t } from "../ui/i18n.js";
import { attempt } from "../ui/widgets.js";

const KINDS = {
  flag: { read: (input) => input.checked, props: (value) => ({ type: "checkbox", checked: value === true }) },
  text: { read: (input) => input.value.trim(), props: (value) => ({ type: "url", value: value ?? "" }) },
  number: { read: (input) => Number(input.value), props: (value) => ({ type: "number", min: 0, step: "any", value: String(value) }) },
  percent: { read: (input) => Number(input.value) / 100, props: (value) => ({ type: "number", min: 0, max: 100, value: String(Math.round(value * 100)) }) },
};

/** `[name, kind, label, tooltip]`; a name with a dot stands inside another setting. */
const SETTINGS = [
  ["note_unprofiled", "flag", msg("Note runs without a Profiler Start too"), msg("Their time, status and outputs only; nothing is measured in them")],
  ["debug_log", "flag", msg("Debug log"), msg("Write what the profiler does into ComfyUI's log, to report a problem")],
  ["webhook_url", "text", msg("Tell this address of every run"), msg("A POST with the run as JSON once it has ended; it never holds up a run")],
  ["advice.long_run_s", "number", msg("A run is long from, in seconds"), msg("Advice about long runs begins here")],
  ["advice.vram_share", "percent", msg("VRAM is nearly full from, in %"), msg("Advice about memory begins here")],
  ["advice.success_rate", "percent", msg("Too many runs fail below, in % that succeed"), msg("Advice about failing runs begins here")],
  ["advice.failures_in_a_row", "number", msg("Failures in a row"), msg("Advice about repeated failures begins here")],
  ["advice.long_video_frames", "number", msg("A video is long from, in frames"), msg("Advice about splitting videos begins here")],
];
const KEPT = () => [
  ["whole", t("whole")],
  ["without secrets", t("without secrets")],
  ["no", t("not at all")],
];

/** Returns the element; it asks for the settings when it is opened. */
export function settingsFold(context) {
  const body = h("div", { class: "hp-settings" });
  const element = h("details", { class: "hp-fold", on: { toggle: () => element.open && load() } }, h("summary", {}, t("Settings")), body);

  const load = () =>
    attempt(context, async () => {
      const { settings } = await backend.getSettings();
      fill(
        body,
        h("label", { title: t("A workflow that is not kept whole cannot be opened from its run") }, h("span", {}, t("Keep the workflow with a run")), select(KEPT(), settings.keep_workflows, (keep_workflows) => save({ keep_workflows }))),
        SETTINGS.map((entry) => row(entry, settings)),
      );
    });

  /** A value that the server refuses is said, and what it has is shown again. */
  async function save(changes) {
    await attempt(context, () => backend.putSettings(changes));
    await load();
  }

  function row([name, kind, label, tooltip], settings) {
    const [outer, inner] = name.split(".");
    const { read, props } = KINDS[kind];
    const value = inner ? settings[outer][inner] : settings[outer];
    const changed = ({ target }) => save({ [outer]: inner ? { ...settings[outer], [inner]: read(target) } : read(target) });
    return h("label", { title: t(tooltip) }, h("span", {}, t(label)), h("input", { class: kind === "flag" ? "" : "hp-input", ...props(value), on: { change: changed } }));
  }

  return element;
}
