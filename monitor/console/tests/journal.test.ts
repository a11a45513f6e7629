import { describe, expect, it } from "vitest";
import { asked, contradicts, fromAddress, further, given, nothing } from "../src/pages/journal/filter";

describe("what is looked for in the journal", () => {
  it("is read from the address and written back the same", () => {
    const address = { id: "LT-101.HH", trigger: "raised", text: " 泵 ", other: "x", tag: null, state: ["a", "b"] };
    const found = fromAddress(address);
    expect(given(found)).toEqual({ id: "LT-101.HH", trigger: "raised", text: "泵" });
    expect(fromAddress(given(found))).toEqual(found);
  });

  it("asks only for what was given, within the span", () => {
    const span = { from: "2026-01-01T00:00:00Z" };
    expect(asked(nothing(), span)).toEqual(span);
    expect(asked({ ...nothing(), person: "wang ", kind: "login" }, span)).toEqual({ ...span, person: "wang", kind: "login" });
  });

  it("counts the fields beside the alarm id", () => {
    expect(further({ ...nothing(), id: "A.H" })).toBe(0);
    expect(further({ ...nothing(), id: "A.H", tag: "A", text: "  " })).toBe(1);
  });

  it("notices a step among rows that are no steps", () => {
    expect(contradicts({ ...nothing(), kind: "login", trigger: "raised" })).toBe(true);
    expect(contradicts({ ...nothing(), kind: "transition", trigger: "raised" })).toBe(false);
    expect(contradicts({ ...nothing(), kind: "login", person: "wang" })).toBe(false);
    expect(contradicts({ ...nothing(), tag: "LT-101" })).toBe(false);
  });
});
