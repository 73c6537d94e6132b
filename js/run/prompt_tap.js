// The one place on the way from ComfyUI's page to POST /prompt that the profiler
// touches: it marks a prompt as forced, says in which language its report is to be, and passes
// on the ids that prompts were given. Where none of this is needed, requests pass untouched.

import { language } from "../ui/i18n.js";

const EXPIRY_MS = 60_000;

function isQueueRequest(route, options) {
  return typeof route === "string" && /^\/prompt\/?(\?|$)/.test(route) && options?.method === "POST";
}

/** The request's body with `extra_data.holaf_profiler.force` set. */
export function forcedBody(text) {
  const body = JSON.parse(text);
  const extra = body.extra_data ?? {};
  return JSON.stringify({
    ...body,
    extra_data: { ...extra, holaf_profiler: { ...extra.holaf_profiler, force: true } },
  });
}

/** `headers`, in any form that `fetch` takes, with the page's language. */
function withLanguage(headers) {
  return { ...Object.fromEntries(new Headers(headers)), "Accept-Language": language() };
}

/** The id of the workflow in a request's body, or null. */
export function workflowIdOf(text) {
  return JSON.parse(text)?.extra_data?.extra_pnginfo?.workflow?.id ?? null;
}

/** Wrap `api.fetchApi`. Returns `{arm, onQueued}`. */
export function installPromptTap(api, now = () => Date.now()) {
  const original = api.fetchApi;
  let armed = [];
  const listeners = new Set();

  const takeForce = (text) => {
    armed = armed.filter((entry) => entry.count > 0 && entry.expires > now());
    const id = workflowIdOf(text);
    const entry = armed.find((candidate) => candidate.workflowId === id);
    if (entry) entry.count -= 1;
    return Boolean(entry);
  };

  api.fetchApi = async function fetchApi(route, options, ...rest) {
    const isForeign = language() !== "en";
    if ((!armed.length && !listeners.size && !isForeign) || !isQueueRequest(route, options)) {
      return original.call(this, route, options, ...rest);
    }
    let sent = options;
    try {
      if (isForeign) sent = { ...options, headers: withLanguage(options.headers) };
      if (armed.length && takeForce(options.body)) sent = { ...sent, body: forcedBody(options.body) };
    } catch (error) {
      console.warn("Workflow Profiler: the run could not be marked as forced or given its language", error);
    }
    const response = await original.call(this, route, sent, ...rest);
    if (listeners.size && response.ok) {
      try {
        const { prompt_id: promptId } = await response.clone().json();
        for (const listener of listeners) listener(String(promptId));
      } catch (error) {
        console.warn("Workflow Profiler: the id of the queued run could not be read", error);
      }
    }
    return response;
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
    /** Hear the id of each prompt that this page queues. Returns a function that stops it. */
    onQueued(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
