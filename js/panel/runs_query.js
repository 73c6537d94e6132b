// What the runs table shows: filters, order and page, and the request they make. Pure.

import { statusWord } from "../ui/format.js";
import { t } from "../ui/i18n.js";

const PAGE_SIZE = 50;
const LONGEST_TAG = 60;

export const EMPTY_FILTERS = Object.freeze({
  q: "",
  status: "",
  workflow: "",
  tag: "",
  since: "",
  until: "",
  sort: "-timestamp",
  offset: 0,
});

export const statuses = () => [
  ["", t("Any status")],
  ...["success", "partial", "failed", "interrupted", "crashed", "running"].map((status) => [status, statusWord(status)]),
];

/** The columns that the server sorts by: `[column, label, first click]`. */
export const sorts = () => [
  ["name", t("Name"), "name"],
  ["workflow_name", t("Workflow"), "workflow_name"],
  ["timestamp", t("When"), "-timestamp"],
  ["status", t("Status"), "status"],
  ["total_time", t("Time"), "-total_time"],
  ["vram_max", t("VRAM"), "-vram_max"],
  ["ram_max_bytes", t("RAM"), "-ram_max_bytes"],
];

/** The local day `YYYY-MM-DD` as the instant it starts, or `days` later, in ISO 8601 UTC. */
export function dayStart(day, days = 0) {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day ?? "");
  if (!match) return "";
  const date = new Date(Number(match[1]), Number(match[2]) - 1, Number(match[3]) + days);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

/** The query of `GET runs` for these filters; empty ones are left out. */
export function toParams(filters, pageSize = PAGE_SIZE) {
  const params = { limit: pageSize, offset: Math.max(0, filters.offset ?? 0), sort: filters.sort || EMPTY_FILTERS.sort };
  if (filters.q?.trim()) params.q = filters.q.trim();
  if (filters.status) params.status = filters.status;
  if (filters.workflow) params.workflow = filters.workflow;
  if (filters.tag) params.tag = filters.tag;
  const since = dayStart(filters.since);
  const until = dayStart(filters.until, 1);
  if (since) params.since = since;
  if (until) params.until = until;
  return params;
}

/** The run's number where a search is one: "1003", "#1003", "Run 1003"; else null. */
export function runNumber(text) {
  const match = /^\s*(?:run\s*)?#?\s*(\d{1,9})\s*$/i.exec(text ?? "");
  return match ? Number(match[1]) : null;
}

/** Filters changed: back to the first page. */
export function withFilter(filters, changes) {
  return { ...filters, ...changes, offset: changes.offset ?? 0 };
}

export function nextSort(current, column) {
  const entry = sorts().find(([name]) => name === column);
  const first = entry?.[2] ?? column;
  if (current !== first) return first;
  return first.startsWith("-") ? first.slice(1) : `-${first}`;
}

export const isFiltered = (filters) =>
  Boolean(filters.q?.trim() || filters.status || filters.workflow || filters.tag || filters.since || filters.until);

/** `{from, to, total, previous, next}`; previous and next are offsets, or null. */
export function pageOf(offset, limit, total) {
  return {
    from: total === 0 ? 0 : offset + 1,
    to: Math.min(total, offset + limit),
    total,
    previous: offset > 0 ? Math.max(0, offset - limit) : null,
    next: offset + limit < total ? offset + limit : null,
  };
}

/** A text with commas as tags; what the server would not take is left out of them. */
export function parseTags(text) {
  const tags = text.split(",").map((tag) => tag.replace(/["\\]/g, "").trim().slice(0, LONGEST_TAG));
  return [...new Set(tags.filter(Boolean))];
}
