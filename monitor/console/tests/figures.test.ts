import { describe, expect, it } from "vitest";
import { bars, bulletEnd, percent, short, top } from "../src/pages/figures/scale";
import { bracketed, milliseconds } from "../src/pages/sequence/undecided";
import { sequenceEvent } from "./make";

describe("bars", () => {
  it("stand on the base, as high as they count, the highest as high as the field", () => {
    const drawn = bars([0, 15, 30], 300, 120);
    expect(drawn.map((bar) => bar.height)).toEqual([0, 60, 120]);
    for (const bar of drawn) expect(bar.y + bar.height).toBe(120);
    expect(drawn.map((bar) => bar.x)).toEqual([0, 100, 200]);
  });
  it("a calm plant keeps the scale of the targets, and one alarm can be seen", () => {
    expect(top([1, 0, 2])).toBe(15);
    expect(bars([1], 100, 10)[0]?.height).toBe(2);
    expect(bars([], 100, 10)).toEqual([]);
  });
  it("a month of hours still has a width each", () => {
    const drawn = bars(Array.from({ length: 720 }, () => 1), 720, 120);
    expect(drawn.every((bar) => bar.width >= 1)).toBe(true);
  });
});

describe("a figure against its target", () => {
  it("value and marks lie inside the bar", () => {
    for (const figure of [
      { value: 40, acceptable: 6, manageable: 12 },
      { value: 0, acceptable: 1, manageable: 2 },
      { value: null, acceptable: 6, manageable: null },
    ])
      for (const mark of [figure.value, figure.acceptable, figure.manageable]) expect(percent(mark ?? 0, bulletEnd(figure))).toBeLessThanOrEqual(100);
    expect(bulletEnd({ value: 0, acceptable: 0, manageable: 0 })).toBe(1);
  });
  it("bars never leave their field", () => {
    expect([percent(-1, 10), percent(5, 10), percent(11, 10), percent(1, 0)]).toEqual([0, 50, 100, 0]);
  });
  it("numbers as short as they can be", () => {
    expect([short(0), short(3), short(1.234), short(12.34), short(123.4)]).toEqual(["0", "3", "1.23", "12.3", "123"]);
  });
});

describe("order that nobody can know", () => {
  const event = (seq: number, next = 0, ms = 0) => sequenceEvent({ seq, undecided_with_next: next, undecided_within_ms: ms });
  it("certain rows stand alone", () => {
    expect(bracketed([event(1), event(2)]).map((row) => [row.tied, row.opens])).toEqual([
      [false, false],
      [false, false],
    ]);
  });
  it("a run is bracketed once, with its widest span", () => {
    const rows = bracketed([event(1), event(2, 1, 40), event(3, 1, 90), event(4), event(5)]);
    expect(rows.map((row) => row.tied)).toEqual([false, true, true, true, false]);
    expect(rows.filter((row) => row.opens).map((row) => [row.event.seq, row.count, row.withinMs])).toEqual([[2, 3, 90]]);
  });
  it("two runs beside each other are two", () => {
    const rows = bracketed([event(1, 1, 5), event(2), event(3, 1, 7), event(4)]);
    expect(rows.filter((row) => row.opens).map((row) => [row.event.seq, row.count])).toEqual([
      [1, 2],
      [3, 2],
    ]);
  });
  it("keeps every row in its order, also when the count runs over the end", () => {
    const rows = bracketed([event(1), event(2, 9, 5), event(3)]);
    expect(rows.map((row) => row.event.seq)).toEqual([1, 2, 3]);
    expect(rows[2]?.tied).toBe(true);
    expect(bracketed([])).toEqual([]);
  });
  it("milliseconds as far as they are worth", () => {
    expect([milliseconds(0.42), milliseconds(9.96), milliseconds(12.6), milliseconds(1000.4)]).toEqual(["0.4", "10", "13", "1000"]);
  });
});
