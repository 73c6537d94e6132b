// A table that scrolls sideways where it is wider than the panel.

import { h } from "./dom.js";

/** `headers`: `[label, title, class]` each, numbers from the second on; `rows`: `tr` elements; `name`: a class. */
export function table(headers, rows, name = "") {
  return h(
    "div",
    { class: "hp-scroll-x" },
    h(
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
    ),
  );
}
