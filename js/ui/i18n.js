// Texts in the user's language. An English text is its own key, so that what is not
// translated reads in English. Pure but for `loadTexts`.

export const LANGUAGES = ["de", "es", "fr", "ja", "ko", "zh"];

let texts = {};
let locale = "en";

/** The language in use, for `Intl`. */
export const language = () => locale;

/** Use `dictionary` (English text -> text) as language `code`. */
export function useTexts(code, dictionary) {
  locale = code;
  texts = dictionary;
}

/** `text` in the user's language, with `{name}` replaced by `values.name`. */
export function t(text, values) {
  const found = texts[text] || text;
  return values ? found.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all)) : found;
}

/** Marks a text for translation where it is written down before the language is known; `t` shows it. */
export const msg = (text) => text;

/** `forms`: "one {n} node|{n} nodes"; the first where `n` is singular in the user's language. */
export function tn(forms, n, values) {
  const [one, many = one] = t(forms).split("|");
  const form = typeof n === "number" && new Intl.PluralRules(locale).select(n) === "one" ? one : many;
  const shown = typeof n === "number" ? n.toLocaleString(locale) : "n/a";
  return form.replace(/\{(\w+)\}/g, (all, name) => (name === "n" ? shown : String(values?.[name] ?? all)));
}

/** Load the texts of a ComfyUI locale such as `zh` or `fr`; English, and whatever there is no file for, needs none. */
export async function loadTexts(code) {
  const short = String(code ?? "").split("-")[0].toLowerCase();
  if (code === "zh-TW" || !LANGUAGES.includes(short)) return;
  const response = await fetch(new URL(`../locales/${short}.json`, import.meta.url));
  if (response.ok) useTexts(short, await response.json());
}
