// Numbers and dates as people read them. Pure: no page, no ComfyUI.
// The same rules as the reports have, so that both read alike. A missing value is
// always "n/a", never 0.

import { language, t } from "./i18n.js";

export const MISSING = "n/a";

const absent = (value) => typeof value !== "number" || !Number.isFinite(value);

const formats = new Map(); // making one takes a hundred times as long as using it
/** A number with so many decimals, as the language writes it. */
export const grouped = (value, digits = 0) => {
  const key = `${language()} ${digits}`;
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(language(), options));
  return formats.get(key).format(value);
};

/** Seconds, as on the report: "1.2 ms", "750 ms", "41.2 s", "2 min 5 s", "2 h 3 min". */
export function seconds(value) {
  if (absent(value)) return MISSING;
  if (value <= 0) return "0 s";
  if (value < 0.00005) return "<0.1 ms";
  if (value < 0.00995) return `${grouped(value * 1000, 1)} ms`;
  if (value < 0.9995) return `${grouped(value * 1000)} ms`;
  if (value < 59.95) return `${grouped(value, 1)} s`;
  const whole = Math.round(value);
  if (whole < 3600) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ""}`;
  const minutes = Math.round(value / 60);
  return `${grouped(Math.floor(minutes / 60))} h${minutes % 60 ? ` ${minutes % 60} min` : ""}`;
}

const GB = 1024 ** 3;
const BYTE_STEPS = [
  ["GB", GB, 0.9995],
  ["MB", 1024 ** 2, 1],
  ["KB", 1024, 1],
];

/** Bytes in steps of 1024, as graphics cards are sold: "18.3 GB", "512 MB". */
export function bytes(value) {
  if (absent(value)) return MISSING;
  for (const [unit, factor, from] of BYTE_STEPS) {
    if (Math.abs(value) >= factor * from) return `${grouped(value / factor, unit === "GB" ? 1 : 0)} ${unit}`;
  }
  return `${grouped(value)} B`;
}

/** A difference in bytes with its sign; "±0" for less than would show as a digit. */
export function bytesChange(value) {
  if (absent(value)) return MISSING;
  if (Math.abs(value) < 512 * 1024) return "±0";
  return `${value > 0 ? "+" : "−"}${bytes(Math.abs(value))}`;
}

/** A share of 1 as a percentage: 0.782 -> "78 %", 0.004 -> "0.4 %". */
export function share(value) {
  return absent(value) ? MISSING : percent(value * 100);
}

/** 0..100 as "78 %"; one digit below one and just below a hundred. */
export function percent(value) {
  if (absent(value)) return MISSING;
  if (value <= 0) return "0 %";
  if (value < 0.1) return "<0.1 %";
  if (value < 0.95 || (value >= 99.5 && value < 99.95)) return `${grouped(value, 1)} %`;
  return `${grouped(value)} %`;
}

/** Joules, with watt hours beside them once they are worth saying. */
export function joules(value) {
  if (absent(value)) return MISSING;
  const text = value < 10_000 ? `${grouped(value)} J` : `${grouped(value / 1000, 1)} kJ`;
  return value >= 360 ? `${text} (${grouped(value / 3600, 1)} Wh)` : text;
}

/** A whole number: "12,345". */
export function count(value) {
  return absent(value) ? MISSING : grouped(Math.round(value));
}

/** A change with its sign, its size put into words by `format`: "+1.2 s", "−40 ms", "±0". */
export function signed(value, format) {
  if (absent(value)) return MISSING;
  if (value === 0) return "±0";
  const text = format(Math.abs(value));
  return text.startsWith("<") ? text : `${value > 0 ? "+" : "−"}${text}`;
}

/** `text` with each number kept on one line with its unit. */
export const unbroken = (text) => text.replace(/(\d) (?=(?:ms|s|min|h|[KMG]?B|k?J|Wh)\b|%)/g, "$1\u00a0");

/** From least to most; a unit that both share is written once: "118–131 ms", "0.9 s–2 min". */
export function range(least, most, format) {
  if (absent(least) || absent(most)) return MISSING;
  const [from, to] = [format(least), format(most)];
  if (from === to) return to;
  const [number, unit, ...more] = from.split(" ");
  const isShared = !more.length && unit !== undefined && to.split(" ").length === 2 && to.endsWith(` ${unit}`);
  return `${isShared ? number : from}–${to}`;
}

function parseDate(timestamp) {
  if (timestamp === null || timestamp === undefined || timestamp === "") return null;
  const date = timestamp instanceof Date ? timestamp : new Date(timestamp);
  return Number.isNaN(date.getTime()) ? null : date;
}

const two = (value) => String(value).padStart(2, "0");

/** Local date and time: "2026-11-21 14:02", sortable at a glance; in other languages as they write it. */
export function dateTime(timestamp) {
  const date = parseDate(timestamp);
  if (!date) return MISSING;
  if (language() !== "en") return date.toLocaleString(language(), { dateStyle: "short", timeStyle: "short" });
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** How long ago, short: "just now", "5 min ago", "3 h ago", "yesterday", then the date. */
export function ago(timestamp, now = new Date()) {
  const date = parseDate(timestamp);
  if (!date) return MISSING;
  const age = (now.getTime() - date.getTime()) / 1000;
  if (age < 45) return t("just now");
  if (age < 3570) return t("{n} min ago", { n: Math.max(1, Math.round(age / 60)) });
  if (age < 23.5 * 3600) return t("{n} h ago", { n: Math.round(age / 3600) });
  if (age < 47.5 * 3600) return t("yesterday");
  return language() === "en" ? dateTime(date).slice(0, 10) : date.toLocaleDateString(language());
}

/** A run's name; where it has none its workflow's name and its number, or only that. */
export function runLabel(run) {
  const name = typeof run?.name === "string" ? run.name.trim() : "";
  if (!name && run?.workflow_name && run.id) return `${run.workflow_name} · ${run.id}`;
  return name || (run?.id === null || run?.id === undefined ? t("this run") : t("Run {id}", { id: run.id }));
}

/** The word for a status; an unknown one is shown as it is. */
export function statusWord(status) {
  const words = {
    running: t("running"),
    success: t("done"),
    partial: t("partly done"),
    failed: t("failed"),
    interrupted: t("stopped"),
    crashed: t("crashed"),
    ok: t("ok"),
    cached: t("cached"),
    error: t("error"),
    skipped: t("skipped"),
  };
  return words[status] ?? String(status ?? MISSING);
}
