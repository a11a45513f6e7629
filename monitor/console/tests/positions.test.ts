import { describe, expect, it } from "vitest";
import { ALL, audible, hindrance, isIn, MINE, positionsOf } from "../src/state/positions";
import { alarm, horn, position, session } from "./make";

const desks = [position(), position({ id: "B", mine: false })];
const ofA = alarm({ position: "A" });
const ofB = alarm({ position: "B" });
const ofNobody = alarm({ position: null });

describe("whose alarms the list shows", () => {
  it("mine: those of my positions, and those of nobody", () => {
    const wanted = positionsOf(MINE, session(), desks);
    expect([ofA, ofB, ofNobody].map((one) => isIn(one, wanted))).toEqual([true, false, true]);
  });
  it("somebody who sits nowhere sees everything, and so does everybody who asks for all", () => {
    expect(positionsOf(MINE, session({ positions: [] }), desks)).toBeNull();
    expect(positionsOf(ALL, session(), desks)).toBeNull();
    expect(isIn(ofB, null)).toBe(true);
  });
  it("one position by its name; one that is gone hides nothing", () => {
    expect(isIn(ofA, positionsOf("B", session(), desks))).toBe(false);
    expect(isIn(ofB, positionsOf("B", session(), desks))).toBe(true);
    expect(positionsOf("removed", session(), desks)).toBeNull();
  });
});

describe("who may answer", () => {
  it("an operator only at the own position", () => {
    expect(hindrance(ofA, session(), "alarm.acknowledge")).toBeNull();
    expect(hindrance(ofNobody, session(), "alarm.acknowledge")).toBeNull();
    expect(hindrance(ofB, session(), "alarm.acknowledge")).toBe("position");
  });
  it("a shift leader everywhere", () => {
    expect(hindrance(ofB, session({ role: "shift_leader", positions: [] }), "alarm.acknowledge")).toBeNull();
  });
  it("nobody without the permission", () => {
    expect(hindrance(ofA, session({ permissions: ["plant.read"] }), "alarm.acknowledge")).toBe("role");
    expect(hindrance(ofA, session(), "alarm.out_of_service")).toBe("role");
    expect(hindrance(ofA, null, "alarm.shelve")).toBe("role");
  });
});

describe("horns of a console", () => {
  const horns = new Map([horn(), horn({ position: "B" })].map((one) => [one.position, one]));
  it("are those of its positions; all of them for one who sits nowhere", () => {
    expect(audible(horns, session()).map((one) => one.position)).toEqual(["A"]);
    expect(audible(horns, session({ positions: [] })).map((one) => one.position)).toEqual(["A", "B"]);
    expect(audible(horns, null)).toHaveLength(2);
  });
});
