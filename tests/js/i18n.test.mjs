// Texts: every one that the page shows is in every language's file, and none is there that nothing shows.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, test } from "node:test";

import { LANGUAGES, t, tn, useTexts } from "../../js/ui/i18n.js";
import { dateTime, seconds } from "../../js/ui/format.js";

const JS = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "..", "js");

afterEach(() => useTexts("en", {}));

/** Every text inside `t("...")`, `tn("...")` and `msg("...")` below js/. */
function shownTexts() {
  const texts = new Set();
  for (const file of fs.readdirSync(JS, { recursive: true }).filter((name) => name.endsWith(".js"))) {
    const source = fs.readFileSync(path.join(JS, file), "utf8");
    for (const [, text] of source.matchAll(/\b(?:tn?|msg)\(\s*"((?:[^"\\]|\\.)*)"/g)) texts.add(JSON.parse(`"${text}"`));
    for (const [, rest] of source.matchAll(/\b(?:tn?|msg)\(\s*([`'][^)]{0,40})/g)) assert.fail(`${file}: a text must be a plain string: ${rest}`);
  }
  return texts;
}

const names = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

for (const language of LANGUAGES) {
  test(`${language}: no text is missing, unused, or without its values`, () => {
    const dictionary = JSON.parse(fs.readFileSync(path.join(JS, "locales", `${language}.json`), "utf8"));
    const shown = shownTexts();
    assert.deepEqual([...shown].filter((text) => !dictionary[text]), [], "missing");
    assert.deepEqual(Object.keys(dictionary).filter((text) => !shown.has(text)), [], "unused");
    for (const [text, translated] of Object.entries(dictionary)) {
      for (const form of translated.split("|")) assert.deepEqual([...new Set(names(form))], [...new Set(names(text))], `the values of “${text}”`);
    }
  });
}

test("ComfyUI's own locale files have the keys of the English ones", () => {
  const folder = path.join(JS, "..", "locales");
  const keys = (value, at = "") =>
    typeof value === "object" ? Object.entries(value).flatMap(([key, inner]) => keys(inner, `${at}/${key}`)) : [at];
  const read = (language, name) => keys(JSON.parse(fs.readFileSync(path.join(folder, language, name), "utf8")));
  for (const language of LANGUAGES) {
    for (const name of ["commands.json", "main.json", "nodeDefs.json", "settings.json"]) {
      assert.deepEqual(read(language, name).sort(), read("en", name).sort(), `${language}/${name}`);
    }
  }
});

test("every node has a help page in every language that names each of its inputs", () => {
  for (const language of ["en", ...LANGUAGES]) {
    const nodes = JSON.parse(fs.readFileSync(path.join(JS, "..", "locales", language, "nodeDefs.json"), "utf8"));
    for (const [id, { inputs, outputs }] of Object.entries(nodes)) {
      const file = path.join(JS, "docs", language === "en" ? `${id}.md` : path.join(id, `${language}.md`));
      const page = fs.readFileSync(file, "utf8");
      const missing = [
        ...Object.values(inputs).filter(({ name }) => !page.includes(`**${name}**`)),
        ...Object.values(outputs ?? {}).filter(({ name }) => !page.includes(`*${name}*`)),
      ];
      assert.deepEqual(missing.map(({ name }) => name), [], file);
    }
  }
});

test("a missing text falls back to English; values and plurals are put in by the language's rules", () => {
  assert.equal(t("Run {id}", { id: 7 }), "Run 7");
  assert.equal(tn("{n} node|{n} nodes", 1), "1 node");
  assert.equal(tn("{n} node|{n} nodes", 1200), "1,200 nodes");
  useTexts("fr", { "{n} node|{n} nodes": "{n} nœud|{n} nœuds", "just now": "" });
  assert.equal(tn("{n} node|{n} nodes", 0), "0 nœud", "in French zero is singular");
  assert.equal(t("just now"), "just now");
  useTexts("ja", { "{n} node|{n} nodes": "{n} 個のノード" });
  assert.equal(tn("{n} node|{n} nodes", 5), "5 個のノード");
});

test("numbers and dates follow the language", () => {
  const date = new Date(2026, 10, 21, 14, 2);
  assert.equal(dateTime(date), "2026-11-21 14:02");
  assert.equal(seconds(1.25), "1.3 s");
  useTexts("de", {});
  assert.equal(seconds(1.25), "1,3 s");
  assert.match(dateTime(date), /^21\.11\.26, 14:02$/);
});
