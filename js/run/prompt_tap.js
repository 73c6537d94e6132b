// The one place on the way from ComfyUI's page to POST /prompt that the profiler touches: it marks a prompt as
// forced, and says what a profiled workflow is called and in which language its report is to be. Every other
// request passes through untouched.

import { START } from "../comfy/graph.js";
import { language } from "../ui/i18n.js";

const EXPIRY_MS = 60_000;

function isQueueRequest(route, options) {
  return typeof route === "string" && /^\/prompt\/?(\?|$)/.test(route) && options?.method === "POST";
}

/** The request's body with `more` in `extra_data.holaf_profiler`. */
export function markedBody(text, more) {
  const body = JSON.parse(text);
  const extra = body.extra_data ?? {};
  return JSON.stringify({ ...body, extra_data: { ...extra, holaf_profiler: { ...extra.holaf_profiler, ...more } } });
}

/** `headers`, in any form that `fetch` takes, with the page's language. */
function withLanguage(headers) {
  return { ...Object.fromEntries(new Headers(headers)), "Accept-Language": language() };
}

/** The id of the workflow in a request's body, or null. */
export function workflowIdOf(text) {
  return JSON.parse(text)?.extra_data?.extra_pnginfo?.workflow?.id ?? null;
}

/** Wrap `api.fetchApi`. `nameOf()`: what the open workflow is called, "" where it has no name. Returns `{arm}`. */
export function installPromptTap(api, nameOf = () => "", now = () => Date.now()) {
  const original = api.fetchApi;
  let armed = [];

  const takeForce = (text) => {
    armed = armed.filter((entry) => entry.count > 0 && entry.expires > now());
    const id = armed.length ? workflowIdOf(text) : null;
    const entry = armed.find((candidate) => candidate.workflowId === id);
    if (entry) entry.count -= 1;
    return Boolean(entry);
  };

  /** What is to be said about a prompt; null where it is nothing. */
  const markOf = (text) => {
    const mark = {};
    if (takeForce(text)) mark.force = true;
    if (text.includes(`"${START}"`) && nameOf()) mark.workflow_name = nameOf();
    return Object.keys(mark).length ? mark : null;
  };

  api.fetchApi = async function fetchApi(route, options, ...rest) {
    let sent = options;
    if (isQueueRequest(route, options)) {
      try {
        const mark = markOf(options.body);
        if (mark) sent = { ...options, body: markedBody(options.body, mark) };
        // else the browser would say its own language, which need not be ComfyUI's
        if (options.body.includes(`"${START}"`)) sent = { ...sent, headers: withLanguage(options.headers) };
      } catch (error) {
        console.warn("Workflow Profiler: the run could not be marked", error);
      }
    }
    return original.call(this, route, sent, ...rest);
  };

  return {
    /** Force the next `count` prompts of this workflow. Returns a function that takes it back. */
    arm(workflowId, count = 1) {
      const entry = { workflowId: workflowId ?? null, count, expires: now() + EXPIRY_MS };
      armed.push(entry);
      return () => {
        armed = armed.filter((candidate) => candidate !== entry);
      };
    },
  };
}
