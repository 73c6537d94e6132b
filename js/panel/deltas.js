// What a comparison measures of runs as a whole, and how one change is shown: coloured where it is sure.

import { h } from "../ui/dom.js";
import { MISSING, bytes, joules, seconds, share, signed } from "../ui/format.js";
import { msg, t } from "../ui/i18n.js";

/** What a comparison says of runs as a whole: `[name, label, format]`. */
export const TOTALS = [
  ["total_time", msg("Time"), seconds],
  ["vram_max", msg("VRAM peak"), bytes],
  ["ram_max_bytes", msg("RAM peak"), bytes],
  ["energy_joules", msg("Energy"), joules],
];

const VERDICTS = { faster: "hp-better", less: "hp-better", slower: "hp-worse", more: "hp-worse" };

/** Less is better in everything compared here; a change without a verdict has no colour. */
export function changeCell(delta, format, verdict = "") {
  const change = delta?.change ?? null;
  const tone = VERDICTS[delta?.verdict] ?? "";
  return h(
    "td",
    { class: `hp-number ${tone}`, title: band(delta, format) },
    change === null ? MISSING : signed(change, format),
    relative(delta) ? h("div", { class: "hp-muted" }, relative(delta)) : null,
    verdict ? h("div", { class: "hp-muted hp-delta-verdict" }, verdict) : null,
  );
}

function band({ low, high } = {}, format) {
  return typeof low === "number" && typeof high === "number" ? t("Between {low} and {high}, 95 times of 100", { low: signed(low, format), high: signed(high, format) }) : "";
}

function relative(delta) {
  if (!delta || delta.ratio === null || delta.ratio === undefined) return "";
  const change = delta.ratio - 1;
  if (Math.abs(change) < 0.001) return "";
  return signed(change, share);
}
