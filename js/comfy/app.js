// The only module that imports ComfyUI's own scripts. Whatever differs between
// versions of ComfyUI's frontend is looked for here, once.

import { app } from "../../../scripts/app.js";
import { api } from "../../../scripts/api.js";

export { api, app };

/**
 * Show the user a message. `severity`: info, success, warn or error.
 * Newer frontends have one function a severity; older ones only `add`.
 */
export function toast(severity, summary, detail = "", life_ms = severity === "error" ? 10000 : 5000) {
  const manager = app.extensionManager?.toast;
  if (typeof manager?.add === "function") {
    manager.add({ severity, summary, detail, life: life_ms });
    return;
  }
  const byName = { info: "info", success: "success", warn: "warning", error: "error" }[severity];
  if (typeof manager?.[byName] === "function") {
    manager[byName](summary, detail ? { description: detail } : undefined);
    return;
  }
  console.info(`Workflow Profiler: ${summary} ${detail}`);
}

/** The value of a ComfyUI setting, or `fallback` where it is not known. */
export function setting(id, fallback) {
  try {
    return app.extensionManager?.setting?.get?.(id) ?? app.ui?.settings?.getSettingValue?.(id) ?? fallback;
  } catch {
    return fallback; // a setting that this frontend does not have throws
  }
}

/** The document that ComfyUI's canvas stands in; not `document` where the panel is a window of its own. */
export const onPage = () => app.canvas?.canvas?.ownerDocument ?? document;

/** Listen to a ComfyUI or profiler event. Returns a function that stops listening. */
export function onEvent(name, listener) {
  const handler = (event) => listener(event.detail ?? {});
  api.addEventListener(name, handler);
  return () => api.removeEventListener(name, handler);
}

/** Whether an event is about this user's runs; on a host with one user it always is. */
export function isMine(event) {
  return !event.user_id || !api.user || event.user_id === api.user || event.user_id === "default";
}

/** "dark" or "light", as the page looks now. */
export function theme() {
  return document.documentElement.classList.contains("dark-theme") ||
    document.body?.classList.contains("dark-theme")
    ? "dark"
    : "light";
}

/** Whether nodes are drawn as page elements (Nodes 2.0) and not on the canvas. */
export function vueNodes() {
  return Boolean(window.LiteGraph?.vueNodesMode ?? setting("Comfy.VueNodes.Enabled", false));
}

/** Show or hide the sidebar tab `id`; `show` forces one of the two. */
export function toggleSidebarTab(id, show) {
  const store = app.extensionManager?.sidebarTab;
  if (!store) return;
  const active = store.activeSidebarTabId === id;
  if (show === undefined || show !== active) store.toggleSidebarTab?.(id);
}

/** Open a workflow (graph format) in its own tab. */
export async function openWorkflow(workflow, name) {
  await app.loadGraphData(workflow, true, true, name);
}

/** What the open workflow is called; "" for one that was never saved. */
export function workflowName() {
  const open = app.extensionManager?.workflow?.activeWorkflow;
  const name = String(open?.filename ?? "").replace(/\.json$/, "");
  return open?.isTemporary && name.startsWith("Unsaved Workflow") ? "" : name;
}

/** Where the browser finds a file that a run made: `{filename, subfolder, type}`. */
export function viewUrl({ filename, subfolder = "", type = "output" }, { isPreview = false } = {}) {
  return api.apiURL(`/view?${new URLSearchParams({ filename, subfolder, type, ...(isPreview ? { preview: "webp;75" } : {}) })}`);
}

/** The pack that a node class comes from, as its folder is called; "ComfyUI" for its own, "" for one not installed. */
export function packOf(nodeType) {
  const module = onPage().defaultView.LiteGraph?.registered_node_types?.[nodeType]?.nodeData?.python_module;
  if (typeof module !== "string") return "";
  return module.startsWith("custom_nodes.") ? module.split(".")[1] : "ComfyUI";
}
