import { describe, expect, it } from "vitest";
import { axisRange, limitLines, toColumns } from "../src/components/trend";
import type { Trend } from "../src/api/types";
import { tag } from "./make";

function trend(t: number[], value: (number | null)[]): Trend {
  return { tag: "LT-101A", eu: "m", t, value, minimum: value.map((v) => (v === null ? null : v - 1)), maximum: value.map((v) => (v === null ? null : v + 1)), quality: t.map(() => 0), oldest: null };
}

describe("columns", () => {
  it("are the answer, unchanged", () => {
    expect(toColumns(trend([1, 2, 3], [5, null, 7]))).toEqual([[1, 2, 3], [5, null, 7], [4, null, 6], [6, null, 8]]);
  });

  it("a hole in history is drawn as a hole", () => {
    const [t, value] = toColumns(trend([0, 10, 20, 30, 500, 510], [1, 1, 1, 1, 2, 2]));
    expect(t).toEqual([0, 10, 20, 30, 40, 500, 510]);
    expect(value).toEqual([1, 1, 1, 1, null, 2, 2]);
  });

  it("nothing is nothing", () => {
    expect(toColumns(trend([], []))).toEqual([[], [], [], []]);
    expect(toColumns(trend([5], [1]))[0]).toEqual([5]);
  });
});

describe("value axis", () => {
  const lines = limitLines(tag().limits);

  it("holds what was seen and the limits near it", () => {
    const [low, high] = axisRange(toColumns(trend([1, 2], [9.8, 9.9])), lines, tag());
    expect(low).toBeLessThan(8.8);
    expect(high).toBeGreaterThan(10.9);
    expect(low).toBeGreaterThan(1.5);
  });

  it("is the instrument's range while nothing was seen", () => {
    expect(axisRange(toColumns(trend([1], [null])), lines, tag())).toEqual([0, 12]);
  });

  it("is never a hair wide", () => {
    const flat: Trend = { ...trend([1, 2], [5, 5]), minimum: [5, 5], maximum: [5, 5] };
    const [low, high] = axisRange(toColumns(flat), [], tag());
    expect(high - low).toBeGreaterThanOrEqual(0.5);
  });

  it("of a switch is off and on", () => {
    expect(axisRange(toColumns(trend([1], [1])), [], tag({ discrete: true }))).toEqual([-0.15, 1.15]);
  });
});

it("limits that are not configured draw no line", () => {
  expect(limitLines({ hh: 10, h: null, l: null, ll: 0 })).toEqual([
    { name: "HH", at: 10 },
    { name: "LL", at: 0 },
  ]);
  expect(limitLines(undefined)).toEqual([]);
});
