// How a run came about and what it made, in one line; its pictures; what happened in it by others' word.

import { viewUrl } from "../comfy/app.js";
import { h } from "../ui/dom.js";
import { bytes, bytesChange, seconds } from "../ui/format.js";
import { t, tn } from "../ui/i18n.js";
import { fold } from "../ui/widgets.js";

const PICTURES = 12;
const LEAST_WAIT_S = 0.5;

const KINDS = {
  image: (n) => tn("{n} image|{n} images", n),
  animation: (n) => tn("{n} animation|{n} animations", n),
  video: (n) => tn("{n} video|{n} videos", n),
  audio: (n) => tn("{n} sound|{n} sounds", n),
  "3d": (n) => tn("{n} 3D model|{n} 3D models", n),
  text: (n) => tn("{n} text|{n} texts", n),
};

/** "made 4 images · 81 frames · waited 3 s in the queue · RAM 4.0 → 6.1 GB"; "" where nothing is known. */
export function storyText(run) {
  const known = (value) => typeof value === "number";
  const counts = new Map();
  for (const { kind, count } of run.outputs ?? []) counts.set(kind, (counts.get(kind) ?? 0) + count);
  const made = [...counts].map(([kind, n]) => (KINDS[kind] ?? ((count) => tn("{n} file|{n} files", count)))(n));
  const memory = (name, before, after) =>
    known(before) && known(after) ? t("{name} {before} → {after} ({change})", { name, before: bytes(before), after: bytes(after), change: bytesChange(after - before) }) : "";
  return [
    made.length ? t("made {things}", { things: made.join(", ") }) : "",
    run.frame_count > 1 ? tn("{n} frame|{n} frames", run.frame_count) : "",
    run.scene_count > 1 ? tn("{n} item in a list|{n} items in a list", run.scene_count) : "",
    run.retry_of ? t("attempt {n}, again after run {id} failed", { n: run.attempt, id: run.retry_of }) : "",
    known(run.queue_wait_s) && run.queue_wait_s >= LEAST_WAIT_S
      ? t("waited {time} in the queue behind {n}", { time: seconds(run.queue_wait_s), n: run.queue_position ?? 0 })
      : "",
    memory(t("RAM"), run.ram_before_bytes, run.ram_after_bytes),
    memory(t("VRAM"), run.vram_before_bytes, run.vram_after_bytes),
  ]
    .filter(Boolean)
    .join(" · ");
}

/** What other programs and nodes wrote down while the run went on; null where nothing was. */
export function eventList(context, run) {
  if (!run.events?.length) return null;
  return fold(
    tn("{n} event|{n} events", run.events.length),
    h(
      "ol",
      { class: "hp-events" },
      run.events.map(({ t_s: moment, text, node_id: id }) =>
        h(
          "li",
          {},
          h("span", { class: "hp-number hp-muted" }, seconds(moment)),
          " ",
          text,
          id ? h("button", { type: "button", class: "hp-link hp-muted", on: { click: () => context.showNode(id) } }, ` #${id}`) : null,
        ),
      ),
    ),
  );
}

/** The first pictures that the run made, each opening in full; those no longer there show nothing. */
export function thumbnails(run) {
  const files = (run.outputs ?? []).filter(({ kind }) => kind === "image" || kind === "animation").flatMap(({ files: each, node_id: id }) => each.map((file) => ({ ...file, id })));
  if (!files.length) return null;
  return h(
    "div",
    { class: "hp-thumbnails" },
    files.slice(0, PICTURES).map((file) =>
      h(
        "a",
        { href: viewUrl(file), target: "_blank", rel: "noopener", title: file.filename },
        h("img", {
          src: viewUrl(file, { isPreview: true }),
          alt: t("{name}, made by node #{id}", { name: file.filename, id: file.id }),
          loading: "lazy",
          on: { error: (event) => event.target.parentElement.remove() },
        }),
      ),
    ),
  );
}
