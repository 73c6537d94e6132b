// A node's name that shows the node on the canvas.

import { showNodes } from "../comfy/canvas.js";
import { h } from "./dom.js";

/** `node`: `{node_id, node_title, node_type}`. */
export function nodeLink(context, { node_id: id, node_title: title, node_type: type }) {
  const name = title || type || "";
  return h(
    "button",
    {
      type: "button",
      class: "hp-link",
      title: `${name} #${id}: show on the canvas`,
      on: {
        click: () => {
          if (!showNodes([id])) context.say(`The open workflow has no node #${id}.`);
        },
      },
    },
    h("span", {}, name),
    h("span", { class: "hp-muted" }, ` #${id}`),
  );
}
