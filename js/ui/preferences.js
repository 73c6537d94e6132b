// The user's preferences for the panel, kept on the server in profiler_settings.json.

import { getSettings, putSettings } from "../comfy/api.js";
import { debounce } from "./dom.js";

const SAVE_DELAY_MS = 400;

const FALLBACK = {
  step_columns: [],
  step_sort: "-exec_time",
  run_sort: "-timestamp",
  page_size: 50,
  run_count: 3,
  minimum_time_s: 0,
  theme: "auto",
  panel: {},
};

/** Returns `{load, get, set, getPanel, setPanel}`. Reading before `load` gives defaults. */
export function createPreferences(onProblem = () => {}) {
  let values = { ...FALLBACK };
  let loading = null;
  let unsaved = {};

  const save = debounce(async () => {
    const changes = unsaved;
    unsaved = {};
    try {
      await putSettings(changes);
    } catch (error) {
      onProblem(error);
    }
  }, SAVE_DELAY_MS);

  const set = (name, value) => {
    values = { ...values, [name]: value };
    unsaved[name] = value;
    save();
  };

  return {
    /** Read from the server, once; `again` reads anew, as after another tab changed them. */
    load({ again = false } = {}) {
      if (again && Object.keys(unsaved).length) return loading ?? Promise.resolve(values);
      if (!loading || again) {
        loading = getSettings()
          .then(({ settings }) => {
            values = { ...FALLBACK, ...settings, ...unsaved };
            return values;
          })
          .catch((error) => {
            loading = null;
            onProblem(error);
            return values;
          });
      }
      return loading;
    },
    get: (name) => values[name],
    set,
    /** What the panel keeps for itself: which parts are folded and such. */
    getPanel: (name, fallback) => values.panel?.[name] ?? fallback,
    setPanel(name, value) {
      set("panel", { ...values.panel, [name]: value });
    },
  };
}
