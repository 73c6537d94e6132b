// Editing one text where it stands. Enter saves, Esc gives up, leaving the field saves.

import { h } from "./dom.js";

/**
 * Put a field in the place of `element` (or at its end with `append`) until the user is
 * done. `save(text)` is called only where the text changed.
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
