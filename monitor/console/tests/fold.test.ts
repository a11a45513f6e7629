import { describe, expect, it } from "vitest";
import { flooded, floodsOf, folded } from "../src/state/fold";
import { alarm, flood, fold, iso } from "./make";

const a = alarm({ id: "a", priority: 3 });
const b = alarm({ id: "b", priority: 2, underlying_state: "acknowledged" });
const c = alarm({ id: "c", priority: 4 });
const life = alarm({ id: "life", priority: 1, class: "life_safety" });

describe("a folded list", () => {
  it("keeps what is pinned above, however many folds there are", () => {
    const list = folded([a, b, life], [flood({ pinned: ["life"], folds: [fold()] })]);
    expect(list.above.map((one) => one.id)).toEqual(["life"]);
    expect(list.folds.map((one) => one.alarms.map((inner) => inner.id))).toEqual([["a", "b"]]);
  });
  it("loses no alarm and shows none twice", () => {
    const all = [a, b, c, life];
    const twice = [flood({ pinned: ["life"], folds: [fold(), fold({ key: "X", alarms: ["b", "c"] })] }), flood({ position: "B", pinned: ["life"], folds: [fold()] })];
    const list = folded(all, twice);
    const shown = [...list.above, ...list.folds.flatMap((one) => one.alarms)].map((one) => one.id).sort();
    expect(shown).toEqual(all.map((one) => one.id).sort());
  });
  it("what came after the folds were made stands above, most urgent first", () => {
    const list = folded([a, b, c, life], [flood({ folds: [fold()] })]);
    expect(list.above.map((one) => one.id)).toEqual(["life", "c"]);
  });
  it("counts what stands now, not what stood when it was folded", () => {
    const list = folded([a, b], [flood({ folds: [fold({ alarms: ["gone", "a", "b"], count: 3, unacknowledged: 3, priority: 1 })] })]);
    expect(list.folds[0]).toMatchObject({ unacknowledged: 1, priority: 2 });
    expect(list.folds[0]?.alarms).toHaveLength(2);
  });
  it("a fold of one is that one, a fold of none is nothing", () => {
    const list = folded([a], [flood({ folds: [fold(), fold({ key: "Y", alarms: ["gone"] })] })]);
    expect(list.above).toEqual([]);
    expect(list.folds.map((one) => one.alarms)).toEqual([[a]]);
  });
  it("the most urgent fold comes first, by what stands in it now", () => {
    const list = folded([a, c], [flood({ folds: [fold({ key: "X", priority: 1, alarms: ["gone", "c"] }), fold({ alarms: ["a"] })] })]);
    expect(list.folds.map((one) => one.priority)).toEqual([3, 4]);
  });
  it("the order in a fold is the order in which they came", () => {
    const list = folded([a, b], [flood({ folds: [fold({ alarms: ["b", "a"], first_out: ["b"] })] })]);
    expect(list.folds[0]?.alarms.map((one) => one.id)).toEqual(["b", "a"]);
  });
});

describe("floods that are looked at", () => {
  const quiet = flood({ position: "B", in_flood: false });
  const worse = flood({ position: "C", count: 40 });
  it("only those that last, the fullest first, of the wanted positions", () => {
    expect(flooded([flood(), quiet, worse], null).map((one) => one.position)).toEqual(["C", "A"]);
    expect(flooded([flood(), worse], new Set(["A"])).map((one) => one.position)).toEqual(["A"]);
  });
  it("folds of the wanted positions", () => {
    const board = { at: iso(0), window_s: 600, begin_above: 10, end_below: 5, positions: [flood(), quiet] };
    expect(floodsOf(board, new Set(["B"]))).toEqual([quiet]);
    expect(floodsOf(board, null)).toHaveLength(2);
    expect(floodsOf(null, null)).toEqual([]);
  });
});
