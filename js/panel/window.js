// The panel as a window of its own: the same panel on the same page's services, beside the canvas it talks to.

import { onPage, setting } from "../comfy/app.js";
import { loadTexts } from "../ui/i18n.js";
import { createPanel } from "./panel.js";

const ASKED = "holaf-profiler-window";
const SIZE = "popup,width=900,height=1000";

/** On ComfyUI's page: open the window; `services()` is what it is given, also after either was loaded anew. */
export function createWindowOpener(services) {
  window.addEventListener(ASKED, (event) => event.detail.take(services()));
  return () => window.open(new URL("window.html", import.meta.url), "holaf-profiler", SIZE)?.focus();
}

/** In the window: show the panel in ComfyUI's look, until the page that it belongs to goes. */
export async function show({ place, ...services }) {
  const page = onPage();
  for (const style of page.head.querySelectorAll("link[rel=stylesheet], style")) {
    const copy = style.cloneNode(true);
    if (style.href) copy.href = style.href; // whole, since this window lies elsewhere
    document.head.append(copy);
  }
  const dress = () => {
    const { className, style, lang } = page.documentElement;
    Object.assign(document.documentElement, { className, lang });
    document.documentElement.style.cssText = style.cssText;
    document.body.className = page.body.className;
    document.body.style.cssText = page.body.style.cssText;
  };
  dress();
  const observer = new MutationObserver(dress);
  for (const element of [page.documentElement, page.body]) observer.observe(element, { attributes: true });
  await loadTexts(setting("Comfy.Locale", "en")).catch(() => {}); // English then
  const panel = createPanel(services, { place });
  panel.mount(document.body);
  window.addEventListener("pagehide", () => {
    observer.disconnect();
    panel.unmount();
  });
  page.defaultView.addEventListener("pagehide", () => location.reload());
}
