import { describe, expect, it } from "vitest";
import { MOST, pickable, pickAll, pieces, refused, still, toggle } from "../src/state/selection";
import { shelvingChoices, silentOnes, standsSilently } from "../src/state/shelving";
import { alarm, iso, shelved } from "./make";

const one = alarm({ id: "one" });
const two = alarm({ id: "two" });
const seen = alarm({ id: "seen", underlying_state: "acknowledged" });

describe("picking", () => {
  it("turns one on and off and leaves the others", () => {
    const picked = toggle(toggle(new Set(), one), two);
    expect([...picked]).toEqual(["one#1", "two#1"]);
    expect([...toggle(picked, one)]).toEqual(["two#1"]);
  });
  it("offers only what waits and may be answered", () => {
    expect(pickable([one, two, seen], (alarm) => alarm.id !== "two")).toEqual([one]);
  });
  it("forgets what was acknowledged, and what came again: nobody saw that one", () => {
    const picked = pickAll([one, two]);
    expect([...still(picked, [{ ...one, underlying_state: "acknowledged" }, two])]).toEqual(["two#1"]);
    expect([...still(picked, [{ ...one, occurrence: 2 }, two])]).toEqual(["two#1"]);
    expect(still(picked, [one, two])).toBe(picked);
  });
  it("sends no more than one command takes", () => {
    const many = Array.from({ length: MOST * 2 + 1 }, (_, index) => ({ id: `a${index}`, occurrence: 1 }));
    expect(pieces(many).map((piece) => piece.length)).toEqual([MOST, MOST, 1]);
    expect(pieces(many).flat()).toEqual(many);
    expect(pieces([])).toEqual([]);
  });
  it("tells which were refused", () => {
    const answer = { id: "one", occurrence: 1, acknowledged: true, reason: null, alarm: null };
    const not = { ...answer, id: "two", acknowledged: false, reason: { zh: "张三已确认", en: "acknowledged by Zhang San" } };
    expect(refused([answer, not])).toEqual([not]);
  });
});

describe("how long to shelve", () => {
  it("offers steps up to what the class allows, that included", () => {
    expect(shelvingChoices(8 * 3600)).toEqual([900, 1800, 3600, 7200, 14400, 28800]);
    expect(shelvingChoices(3600)).toEqual([900, 1800, 3600]);
    expect(shelvingChoices(600)).toEqual([600]);
  });
  it("never offers more than allowed, and nothing where nothing is", () => {
    for (const longest of [1, 899, 5000, 86_400, 604_800]) expect(Math.max(...shelvingChoices(longest))).toBe(longest);
    expect(shelvingChoices(0)).toEqual([]);
  });
});

describe("what is silent on purpose", () => {
  const soon = alarm({ id: "soon", suppressions: [{ ...shelved, until: iso(60) }] });
  const late = alarm({ id: "late", suppressions: [{ ...shelved, until: iso(600) }, { ...shelved, suppression: "by_design" }] });
  it("ends soonest first, without an end last, one line per suppression", () => {
    expect(silentOnes([late, soon]).map((row) => [row.alarm.id, row.why.suppression])).toEqual([
      ["soon", "shelved"],
      ["late", "shelved"],
      ["late", "by_design"],
    ]);
  });
  it("knows that the condition stands although nobody is told", () => {
    expect(standsSilently(alarm({ underlying_state: "acknowledged" }))).toBe(true);
    expect(standsSilently(alarm({ underlying_state: "returned_unacknowledged" }))).toBe(false);
    expect(standsSilently(alarm({ underlying_state: "normal" }))).toBe(false);
  });
});
