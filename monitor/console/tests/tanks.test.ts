import { describe, expect, it } from "vitest";
import { halfWidthAt, scaleOf, spread, yOf } from "../src/pages/tanks/geometry";
import { isAbnormal, isMoving, minutesToHighHigh, switchHeight, switchState, tanksOf, workersOf } from "../src/pages/tanks/tank";
import type { Reading } from "../src/state/tags";
import { alarm, equipment, interlock, tag } from "./make";

const read = (value: number | null, quality = 0): Reading => ({ value, quality, usable: quality < 2 && value !== null, sourceMs: null, waiting: false, receivedMs: null });

describe("drawn to scale", () => {
  const scale = scaleOf(equipment(), tag(), 120);

  it("metres stand against the vessel's own height", () => {
    expect(yOf(scale, 0)).toBe(120);
    expect(yOf(scale, 6)).toBe(60);
    expect(yOf(scale, 12)).toBe(0);
  });

  it("other units stand against the gauge's range", () => {
    expect(yOf(scaleOf(equipment(), tag({ eu: "%", high: 100 }), 120), 25)).toBe(90);
  });

  it("a value outside stays at the edge", () => {
    expect(yOf(scale, 14)).toBe(0);
    expect(yOf(scale, -3)).toBe(120);
  });

  it("a sphere is widest in its middle and a point at its ends", () => {
    expect(halfWidthAt(true, scale, 60, 60)).toBe(60);
    expect(halfWidthAt(true, scale, 60, 0)).toBe(0);
    expect(halfWidthAt(true, scale, 60, 24)).toBeCloseTo(48);
    expect(halfWidthAt(false, scale, 60, 0)).toBe(60);
  });
});

describe("labels", () => {
  it("are pushed apart and keep their order", () => {
    const places = spread([20, 22, 100], 12, 130);
    expect(places).toEqual([20, 32, 100]);
  });
  it("stay inside the drawing", () => {
    expect(spread([125, 128], 12, 130)).toEqual([118, 130]);
    expect(spread([], 12, 130)).toEqual([]);
  });
  it("need not come sorted", () => {
    expect(spread([22, 20], 12, 130)).toEqual([32, 20]);
  });
});

describe("a tank", () => {
  const tags = new Map([tag(), tag({ id: "LSHH-101", discrete: true, normal_state: 0 }), tag({ id: "PT-101" }), tag({ id: "LT-900A", equipment: "T-900" })].map((one) => [one.id, one]));
  const tanks = tanksOf(
    [equipment(), equipment({ id: "P-1", kind: "pump", level_tag: null }), equipment({ id: "T-900", level_tag: "LT-900A", second_level_tag: null, level_switch_tag: null })],
    tags,
    [alarm({ tag: "PT-101", equipment: null, id: "PT-101.HH" }), alarm({ id: "T.x", tag: null, equipment: "T-101" }), alarm({ id: "far", tag: "LT-900A", equipment: "T-900" })],
    [interlock(), interlock({ id: "SIS-9", causes: ["other"], effects: [] })],
  );

  it("is equipment with a level; its alarms and interlocks are those of its tags", () => {
    expect(tanks.map((tank) => tank.equipment.id)).toEqual(["T-101", "T-900"]);
    expect(tanks[0]!.alarms.map((one) => one.id)).toEqual(["PT-101.HH", "T.x"]);
    expect(tanks[0]!.interlocks.map((one) => one.id)).toEqual(["SIS-101"]);
    expect(tanks[1]!.alarms.map((one) => one.id)).toEqual(["far"]);
    expect(tanks[1]!.interlocks).toEqual([]);
  });

  it("has its switch at the trip point, else at the overflow", () => {
    expect(switchHeight(tanks[0]!)).toBe(11.2);
    expect(switchHeight({ ...tanks[0]!, interlocks: [] })).toBe(11.6);
    expect(switchHeight({ ...tanks[0]!, interlocks: [interlock({ trip_eu: "MPa" })] })).toBe(11.6);
    expect(switchHeight({ ...tanks[0]!, interlocks: [], level: tag({ eu: "%" }) })).toBeNull();
  });

  it("tells minutes to high-high only on the way there", () => {
    expect(minutesToHighHigh(tanks[0]!, 10.3, 1)).toBeCloseTo(30);
    expect(minutesToHighHigh(tanks[0]!, 10.3, -1)).toBeNull();
    expect(minutesToHighHigh(tanks[0]!, null, 1)).toBeNull();
    expect(minutesToHighHigh(tanks[0]!, 1, 0.07)).toBeNull();
  });

  it("is normal only when nothing is wrong and everything is seen", () => {
    const calm = { ...tanks[0]!, alarms: [] };
    expect(isAbnormal(calm, () => read(1))).toBe(false);
    expect(isAbnormal(calm, (id) => read(1, id === "LT-101B" ? 3 : 0))).toBe(true);
    expect(isAbnormal(tanks[0]!, () => read(1))).toBe(true);
    for (const service of ["bypassed_authorised", "unknown"] as const) expect(isAbnormal({ ...calm, interlocks: [interlock({ service })] }, () => read(1))).toBe(true);
  });

  it("moves when it moves more than its gauge trembles", () => {
    expect(isMoving(tanks[0]!, 0.01)).toBe(false);
    expect(isMoving(tanks[0]!, -0.5)).toBe(true);
    expect(isMoving(tanks[0]!, null)).toBe(false);
  });
});

describe("independent switch", () => {
  const own = tag({ discrete: true, normal_state: 1 });
  it.each([
    [read(1), "normal"],
    [read(0), "tripped"],
    [read(1, 3), "unknown"],
    [read(null, 4), "unknown"],
  ])("%o is %s", (now, state) => {
    expect(switchState(own, now)).toBe(state);
  });
  it("without a stated normal state, 1 is tripped", () => {
    expect(switchState(tag({ discrete: true }), read(1))).toBe("tripped");
    expect(switchState(undefined, read(1))).toBe("none");
  });
});

it("a pump has a state tag and tags that ought to stay normal", () => {
  const pump = equipment({ id: "P-1", kind: "pump", level_tag: null });
  const run = tag({ id: "P-1.RUN", equipment: "P-1", discrete: true });
  const fault = tag({ id: "P-1.FAULT", equipment: "P-1", discrete: true, normal_state: 0 });
  expect(workersOf([pump, equipment(), equipment({ id: "P-2", kind: "pump" })], [fault, run])).toEqual([{ equipment: pump, run, faults: [fault] }]);
});
