// Small modal dialogs on the browser's own <dialog>: keyboard, focus and Esc come
// with it. Keys typed inside never reach ComfyUI's shortcuts.

import { append, button, containKeys, h } from "./dom.js";
import { language, t } from "./i18n.js";

/**
 * Ask one question. `buttons`: `[{id, label, primary, title}]`. Resolves with the id
 * of the button pressed, or `cancelId` for Esc. Arrow keys move between buttons.
 */
export function ask({ title, body = [], buttons, cancelId, className = "" }) {
  return new Promise((resolve) => {
    let answer = cancelId;
    const previousFocus = document.activeElement;
    const titleId = `hp-dialog-${Math.random().toString(36).slice(2)}`;
    const row = h(
      "div",
      { class: "hp-dialog-buttons" },
      buttons.map(({ id, label, primary, title: tooltip }) =>
        button(label, () => close(id), {
          class: primary ? "hp-primary" : "",
          title: tooltip,
          dataset: { answer: id },
          autofocus: primary ? true : undefined,
        }),
      ),
    );
    const dialog = h("dialog", { class: `hp-dialog ${className}`.trim(), "aria-labelledby": titleId });
    append(dialog, [h("h2", { id: titleId }, title), h("div", { class: "hp-dialog-body" }, body), row]);
    const close = (id) => {
      answer = id;
      dialog.close();
    };
    dialog.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const all = [...row.children];
      const at = all.indexOf(document.activeElement);
      if (step && at >= 0) {
        event.preventDefault();
        all[(at + step + all.length) % all.length].focus();
      }
    });
    containKeys(dialog);
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (previousFocus?.isConnected) previousFocus.focus?.();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
    (row.querySelector(".hp-primary") ?? row.firstElementChild)?.focus();
  });
}

/** Ask for one choice out of many names. Resolves with the entry's `value`, or null. */
export function choose({ title, lead, entries, empty }) {
  return new Promise((resolve) => {
    let answer = null;
    const dialog = h("dialog", { class: "hp-dialog", lang: language(), "aria-label": title });
    const close = (value) => {
      answer = value;
      dialog.close();
    };
    append(dialog, [
      h("h2", {}, title),
      lead ? h("p", {}, lead) : null,
      entries.length
        ? h(
            "ul",
            { class: "hp-choices" },
            entries.map((entry) =>
              h("li", {}, button(entry.label, () => close(entry.value), { class: "hp-choice", title: entry.detail })),
            ),
          )
        : h("p", { class: "hp-empty" }, empty),
      h("div", { class: "hp-dialog-buttons" }, button(t("Cancel"), () => dialog.close())),
    ]);
    containKeys(dialog);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
