// The profiler's routes on the server, one function each. Knows nothing of the page.

import { api } from "./app.js";
import { language, t } from "../ui/i18n.js";

const BASE = "/holaf/profiler";

/** Why a request failed, in words that can be shown. */
export class BackendError extends Error {
  constructor(message, { status = 0, type = "unknown", details = null } = {}) {
    super(message);
    this.name = "BackendError";
    this.status = status;
    this.type = type;
    this.details = details;
  }
}

async function send(method, path, body, { signal } = {}) {
  let response;
  try {
    response = await api.fetchApi(`${BASE}${path}`, {
      method,
      cache: "no-store",
      signal,
      headers: {
        // which WebSocket is this page's: events about one user's runs go to that user's pages
        ...(api.clientId ? { "Holaf-Profiler-Client": api.clientId } : {}),
        // in which language the server writes its sentences
        "Accept-Language": language(),
        ...(body === undefined ? {} : { "Content-Type": body instanceof Blob ? "application/octet-stream" : "application/json" }),
      },
      ...(body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) }),
    });
  } catch (error) {
    if (error?.name === "AbortError") throw error;
    throw new BackendError(t("ComfyUI does not answer. Is it still running? This view refreshes when it is back."), {
      type: "offline",
    });
  }
  if (response.ok) return response;
  throw await failure(response);
}

/**
 * What a view shows of an answer that may be asked for again before it is there: `ask(options)` asks, `show(answer)`
 * gets the newest answer only, `fail(error)` what went wrong. Returns `{load, stop}`.
 */
export function newest(ask, show, fail) {
  let request = null;
  return {
    async load() {
      request?.abort();
      const mine = (request = new AbortController());
      try {
        const answer = await ask({ signal: mine.signal });
        if (request === mine) show(answer);
      } catch (error) {
        if (error.name !== "AbortError") fail(error);
      }
    },
    stop: () => request?.abort(),
  };
}

async function failure(response) {
  let error = null;
  try {
    error = (await response.json())?.error ?? null;
  } catch {
    // not JSON: an answer of the host or of a proxy, known by its status below
  }
  if (typeof error === "string") error = { message: error };
  const fallback =
    response.status === 404
      ? t("The server does not know this. It may have been deleted, or ComfyUI needs a restart after an update.")
      : t("The server answered {status}.", { status: `${response.status} ${response.statusText}` });
  return new BackendError(error?.message || fallback, {
    status: response.status,
    type: error?.type ?? "unknown",
    details: error?.details ?? null,
  });
}

const json = async (method, path, body, options) => {
  const response = await send(method, path, body, options);
  return response.status === 204 ? {} : response.json();
};

const queryString = (params) => {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params ?? {})) {
    if (value !== undefined && value !== null && value !== "") query.set(key, String(value));
  }
  const text = query.toString();
  return text ? `?${text}` : "";
};

export const listRuns = (params, options) => json("GET", `/runs${queryString(params)}`, undefined, options);
export const listWorkflows = () => json("GET", "/workflows");
export const listTags = () => json("GET", "/tags");
export const getRun = (id, options) => json("GET", `/runs/${id}`, undefined, options);
export const patchRun = (id, changes) => json("PATCH", `/runs/${id}`, changes);
export const deleteRun = (id) => json("DELETE", `/runs/${id}`);
export const restoreRun = (id) => json("POST", `/runs/${id}/restore`, {});
/** The zip for a bug report, as a Blob. */
export const getBundle = async (id, texts) => (await send("GET", `/runs/${id}/bundle${queryString({ texts })}`)).blob();
/** Take in a bundle, or the database of another profiler. */
export const importRuns = (file) => json("POST", file.name.endsWith(".zip") ? "/runs/import" : "/history/import", file);
/** The trace of the operators inside one node, as a Blob. */
export const getKernelTrace = async (id, nodeId) => (await send("GET", `/runs/${id}/kernels/${encodeURIComponent(nodeId)}`)).blob();
/** Call trees, time by owner and operators of a run. */
export const getInside = (id, options) => json("GET", `/runs/${id}/inside`, undefined, options);
/** What the interactive timeline draws: see timeline/timeline.js. */
export const getTimeline = (id, options) => json("GET", `/runs/${id}/timeline`, undefined, options);
export const getRunWorkflow = (id) => json("GET", `/runs/${id}/workflow`);
/** Without baselines the server takes the pinned runs, else the first. */
export const compareRuns = (ids, baselineIds, options) =>
  json("GET", `/runs/compare${queryString({ ids: ids.join(","), baseline: baselineIds?.join(",") })}`, undefined, options);
/** Sets of run ids, each against each. */
export const compareSets = (sets) => json("GET", `/runs/matrix${queryString({ sets: sets.map((ids) => ids.join(",")).join("|") })}`);
/** A comparison as csv, md or html, as a Blob. */
export const exportComparison = async (ids, baselineIds, format) =>
  (await send("GET", `/runs/compare/export/${format}${queryString({ ids: ids.join(","), baseline: baselineIds?.join(",") })}`)).blob();
/** Runs as one file that another Profiler takes in, as a Blob. */
export const exportHistory = async (ids) => (await send("GET", `/history/export${queryString({ ids: ids.join(",") })}`)).blob();
export const getStatistics = (params, options) => json("GET", `/statistics${queryString(params)}`, undefined, options);
/** Take in the runs that ComfyUI itself remembers. */
export const takeInHistory = () => json("POST", "/history/comfyui");
export const tidyHistory = (limits) => json("POST", "/history/tidy", limits);
export const resetHistory = (confirm) => json("POST", "/history/reset", { confirm });
export const patchStep = (id, changes) => json("PATCH", `/steps/${id}`, changes);

/** The series of repeated runs that ComfyUI keeps, newest first. */
export const listRepeats = () => json("GET", "/repeats");
export const startRepeat = (plan) => json("POST", "/repeats", plan);
export const cancelRepeat = (id) => json("DELETE", `/repeats/${id}`);

export const listGroups = (params) => json("GET", `/groups${queryString(params)}`);
export const createGroup = (group) => json("POST", "/groups", group);
export const patchGroup = (id, changes) => json("PATCH", `/groups/${id}`, changes);
export const deleteGroup = (id) => json("DELETE", `/groups/${id}`);

/** What to try for one run. */
export const getRecommendations = (runId, options) =>
  json("GET", `/recommendations${queryString({ run: runId })}`, undefined, options);
/** How a workflow's newest `last` runs developed; `limit` nodes, those with the largest median first. */
export const getTrends = (params, options) => json("GET", `/trends${queryString(params)}`, undefined, options);

export const updateNodes = (graph) => json("POST", "/update_nodes", graph);
export const check = (graph, options) => json("POST", "/check", graph, options);
export const getSettings = () => json("GET", "/settings");
export const putSettings = (settings) => json("PUT", "/settings", settings);
export const getStatus = () => json("GET", "/status");

/** A run exported in `format`, as a Blob: fetched, because an image's address carries no user. */
export async function exportRun(id, format, params, options) {
  const response = await send("GET", `/runs/${id}/export/${format}${queryString(params)}`, undefined, options);
  return response.blob();
}
