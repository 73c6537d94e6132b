// What the views are made of: a table, a text edited in place, a link to a node, and
// the lines that say what is loading, missing or done.

import { button, fill, h, icon, iconButton, svg } from "./dom.js";
import { range, seconds } from "./format.js";
import { t } from "./i18n.js";

const UNDO_MS = 12_000;
const PLAIN_MS = 5000;

/** `headers`: `[label, title, class]` each, numbers from the second on; `rows`: `tr` elements; `name`: a class. */
export function table(headers, rows, name = "") {
  const shown = h(
    "table",
    { class: `hp-table ${name}`.trim() },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        headers.map(([label, title, extra = ""], index) =>
          h("th", { scope: "col", class: `${index ? "hp-number" : ""} ${extra}`.trim(), title: title ?? label }, label),
        ),
      ),
    ),
    h("tbody", {}, rows),
  );
  // where nothing in it takes the focus, keys could not scroll it
  return h("div", { class: "hp-scroll-x", tabIndex: shown.querySelector("button, a, input, select") ? null : 0 }, shown);
}

export const number = (text) => h("td", { class: "hp-number" }, text);

/** Labelled numbers side by side: `[label, value, format, tooltip]` each; what was not measured is left out. */
export function figures(entries) {
  return h(
    "div",
    { class: "hp-figures" },
    entries
      .filter(([, value]) => typeof value === "number")
      .map(([label, value, format, title]) =>
        h("div", { class: "hp-figure", title }, h("span", { class: "hp-muted" }, label), h("strong", {}, format(value))),
      ),
  );
}

/** Do `action`; what goes wrong is said in the panel. */
export async function attempt(context, action) {
  try {
    return await action();
  } catch (error) {
    return context.say(error?.message ?? String(error), { tone: "error" });
  }
}

/** Children side by side; {@link wrappedRow}: on more lines where they find no room on one. */
export const sideBySide = (...children) => h("div", { class: "hp-row" }, children);
export const wrappedRow = (...children) => h("div", { class: "hp-row hp-wrap" }, children);

/** What can be folded away under `title`; {@link openFold}: shown at first. */
export const fold = (title, ...children) => h("details", { class: "hp-fold" }, h("summary", {}, title), children);
export const openFold = (title, ...children) => Object.assign(fold(title, ...children), { open: true });

/** The top of a view that one comes to from another. */
export const viewHead = (context, title) => sideBySide(iconButton("arrow-left", t("Back"), context.actions.back), h("h2", { class: "hp-run-title" }, title));

/** Listeners that show nodes on the canvas while the pointer is over something. */
export const pointsAt = (context, ids) => ({ mouseenter: () => context.highlight(ids), mouseleave: () => context.highlight(null) });

/** A node's name that shows the node on the canvas. `node`: `{node_id, node_title, node_type}`. */
export function nodeLink(context, { node_id: id, node_title: title, node_type: type }) {
  const name = title || type || "";
  return h(
    "button",
    {
      type: "button",
      class: "hp-link",
      title: t("{name} #{id}: show on the canvas", { name, id }),
      on: { click: () => context.showNode(id) },
    },
    h("span", {}, name),
    h("span", { class: "hp-muted" }, ` #${id}`),
  );
}

export function problem(error, retry) {
  return h(
    "div",
    { class: "hp-empty hp-problem", role: "alert" },
    icon("exclamation-triangle"),
    h("p", {}, error?.message ?? String(error)),
    retry ? button(t("Try again"), retry) : null,
  );
}

export function loading(text = t("Loading")) {
  return h("p", { class: "hp-empty hp-muted", role: "status" }, `${text}…`);
}

/**
 * Put a field in the place of `element` (or at its end with `append`) until the user is
 * done: Enter and leaving save, Esc gives up. `save(text)` is called only where the text changed.
 */
export function editInline(element, { value, label, save, append = false }) {
  let over = false;
  const input = h("input", {
    class: "hp-input hp-inline",
    type: "text",
    value,
    "aria-label": label,
    placeholder: label,
    on: {
      keydown: (event) => {
        event.stopPropagation();
        if (event.key === "Enter") close(true);
        if (event.key === "Escape") close(false);
      },
      click: (event) => event.stopPropagation(),
      blur: () => close(true),
    },
  });
  const close = (keep) => {
    if (over) return;
    over = true;
    const text = input.value.trim();
    if (append) input.remove();
    else input.replaceWith(element);
    if (keep && text !== value.trim()) save(text);
  };
  if (append) element.append(input);
  else element.replaceWith(input);
  input.focus();
  input.select();
}

/**
 * A line at the bottom of the panel. Returns `{element, say, dispose}`;
 * `say(text, {action, label, tone, stays})`: one button, such as Undo, whose action may be async;
 * what `stays` is there until it is closed.
 */
export function createSnack() {
  const element = h("div", { class: "hp-snack", role: "status", "aria-live": "polite", hidden: true });
  let timer = null;
  const hide = () => {
    clearTimeout(timer);
    element.hidden = true;
    fill(element);
  };
  return {
    element,
    say(text, { action, label = t("Undo"), tone = "info", stays = false } = {}) {
      clearTimeout(timer);
      element.hidden = false;
      element.dataset.tone = tone;
      fill(
        element,
        h("span", { class: "hp-snack-text" }, text),
        action
          ? button(label, () => {
              hide();
              action();
            })
          : null,
        iconButton("times", t("Close"), hide),
      );
      if (!stays) timer = setTimeout(hide, action || tone === "error" ? UNDO_MS : PLAIN_MS);
    },
    dispose: hide,
  };
}

/** Two times or more, oldest first, as a small line from zero with their range in words. */
export function sparkline(times) {
  const width = 160;
  const height = 28;
  const most = Math.max(...times);
  const points = times.map((time, index) => `${((index / (times.length - 1)) * width).toFixed(1)},${(height - (time / most) * (height - 3)).toFixed(1)}`);
  const text = range(Math.min(...times), most, seconds);
  return sideBySide(
    svg("svg", { width, height, role: "img", "aria-label": t("Times in earlier runs: {range}", { range: text }) }, svg("polyline", { class: "hp-trend-line", points: points.join(" ") })),
    h("span", { class: "hp-muted" }, text),
  );
}
