// A line at the bottom of the panel that says what happened, with one way to undo it.

import { button, fill, h, iconButton } from "./dom.js";

const UNDO_MS = 12_000;
const PLAIN_MS = 5000;

/** Returns `{element, say, dispose}`. `say(text, {undo, label, tone})`: `undo` may be async. */
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
    say(text, { undo, label = "Undo", tone = "info" } = {}) {
      clearTimeout(timer);
      element.hidden = false;
      element.dataset.tone = tone;
      fill(
        element,
        h("span", { class: "hp-snack-text" }, text),
        undo
          ? button(label, () => {
              hide();
              undo();
            })
          : null,
        iconButton("times", "Close", hide),
      );
      timer = setTimeout(hide, undo || tone === "error" ? UNDO_MS : PLAIN_MS);
    },
    dispose: hide,
  };
}
