import assert from "node:assert/strict";
import { test } from "node:test";

import * as format from "../../js/ui/format.js";

test("times read as on the report, at every size", () => {
  const expected = [
    [0, "0 s"],
    [0.00001, "<0.1 ms"],
    [0.00123, "1.2 ms"],
    [0.75, "750 ms"],
    [0.9999, "1.0 s"],
    [41.23, "41.2 s"],
    [59.96, "1 min"],
    [125, "2 min 5 s"],
    [7384, "2 h 3 min"],
  ];
  assert.deepEqual(expected.map(([value]) => format.seconds(value)), expected.map(([, text]) => text));
});

test("sizes are binary and change of unit never shows a thousand", () => {
  const expected = [
    [512, "512 B"],
    [3 * 1024 ** 2, "3 MB"],
    [1023.9 * 1024 ** 2, "1.0 GB"],
    [19649073152, "18.3 GB"],
  ];
  assert.deepEqual(expected.map(([value]) => format.bytes(value)), expected.map(([, text]) => text));
  assert.equal(format.bytesChange(-300 * 1024 ** 2), "−300 MB");
  assert.equal(format.bytesChange(1000), "±0");
});

test("what was not measured is n/a, never 0", () => {
  for (const words of [format.seconds, format.bytes, format.bytesChange, format.percent, format.share, format.joules, format.count]) {
    for (const value of [null, undefined, NaN, "7"]) assert.equal(words(value), "n/a");
  }
  assert.equal(format.dateTime(null), "n/a");
  assert.equal(format.dateTime("no date"), "n/a");
});

test("ages are short and turn into a date", () => {
  const now = new Date(2026, 4, 31, 12, 0, 0);
  const before = (seconds) => new Date(now.getTime() - seconds * 1000);
  assert.equal(format.ago(before(5), now), "just now");
  assert.equal(format.ago(before(300), now), "5 min ago");
  assert.equal(format.ago(before(3 * 3600), now), "3 h ago");
  assert.equal(format.ago(before(30 * 3600), now), "yesterday");
  assert.equal(format.ago(before(10 * 86400), now), "2026-05-21");
});

test("a run without a name is called by its number", () => {
  assert.equal(format.runLabel({ id: 7, name: "  " }), "Run 7");
  assert.equal(format.runLabel({ id: 7, name: "warm" }), "warm");
});
