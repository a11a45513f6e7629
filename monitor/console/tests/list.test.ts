import { describe, expect, it } from "vitest";
import { arrange, newAbove, type ShownRow } from "../src/state/list";
import { alarm } from "./make";

const rows = (...ids: string[]): ShownRow[] => ids.map((id) => ({ alarm: alarm({ id }), gone: false }));
const wanted = (...ids: string[]) => ids.map((id) => alarm({ id }));
const shown = (list: ShownRow[]) => list.map((row) => (row.gone ? `(${row.alarm.id})` : row.alarm.id));

describe("while somebody reads", () => {
  it("a row that is over stays where it was, marked", () => {
    expect(shown(arrange(rows("a", "b", "c"), wanted("a", "c"), true))).toEqual(["a", "(b)", "c"]);
  });

  it("the first and the last row too", () => {
    expect(shown(arrange(rows("a", "b", "c"), wanted("b"), true))).toEqual(["(a)", "b", "(c)"]);
    expect(shown(arrange(rows("a", "b"), [], true))).toEqual(["(a)", "(b)"]);
  });

  it("neighbours that went together keep their order, and stay on a second change", () => {
    const first = arrange(rows("a", "b", "c", "d"), wanted("a", "d"), true);
    expect(shown(first)).toEqual(["a", "(b)", "(c)", "d"]);
    expect(shown(arrange(first, wanted("new", "a", "d"), true))).toEqual(["new", "a", "(b)", "(c)", "d"]);
  });

  it("a row that comes back is no longer over", () => {
    const first = arrange(rows("a", "b"), wanted("a"), true);
    expect(shown(arrange(first, wanted("b", "a"), true))).toEqual(["b", "a"]);
  });

  it("a new row appears at its place", () => {
    expect(shown(arrange(rows("a", "c"), wanted("a", "b", "c"), true))).toEqual(["a", "b", "c"]);
  });
});

it("when nobody reads, only what is active is shown", () => {
  const first = arrange(rows("a", "b"), wanted("a"), true);
  expect(shown(arrange(first, wanted("a"), false))).toEqual(["a"]);
});

describe("new above", () => {
  it("counts rows above the view that nobody has seen", () => {
    expect(newAbove(["x", "y", "a", "b"], new Set(["a", "b", "y"]), 2)).toBe(1);
    expect(newAbove(["x", "y", "a", "b"], new Set(), 0)).toBe(0);
    expect(newAbove(["x"], new Set(), 9)).toBe(1);
  });
});
