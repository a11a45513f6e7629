import { describe, expect, it } from "vitest";
import { keep, silence, sounding, waitingLoud } from "../src/state/horn";
import { markName } from "../src/state/mark";
import { alarm, horn, shelved } from "./make";

const one = alarm({ id: "one", priority: 1 });
const two = alarm({ id: "two", priority: 2 });
const three = alarm({ id: "three", priority: 3 });

describe("horn", () => {
  it("sounds for priority 1 and 2 only", () => {
    expect(sounding([three], new Set())).toBeNull();
    expect(sounding([two, three], new Set())).toBe(2);
    expect(sounding([two, one], new Set())).toBe(1);
  });

  it("is quiet for what is acknowledged or suppressed", () => {
    expect(sounding([{ ...one, underlying_state: "acknowledged" }, { ...two, suppressions: [shelved] }], new Set())).toBeNull();
  });

  it("stays silent until the next new one", () => {
    const silenced = silence([one, two, three]);
    expect(sounding([one, two, three], silenced)).toBeNull();
    expect(sounding([one, two, alarm({ id: "new", priority: 2 })], silenced)).toBe(2);
  });

  it("a new occurrence of a silenced alarm is a new one", () => {
    expect(sounding([{ ...one, occurrence: 2 }], silence([one]))).toBe(1);
  });

  it("forgets silences of what no longer waits", () => {
    const silenced = silence([one, two]);
    const later = keep(silenced, [{ ...one, underlying_state: "acknowledged" }, two]);
    expect([...later]).toEqual(["two#1"]);
    // unsuppressed: the same occurrence asks again
    expect(sounding([one, two], later)).toBe(1);
    expect(keep(later, [two])).toBe(later);
    expect(waitingLoud([one, two, three])).toBe(2);
  });
});

describe("horn of a position", () => {
  const ringing = horn({ sounding: true, alarms: ["two"] });
  it("sounds for what the service says, and for nothing else", () => {
    expect(sounding([one, two], new Set(), [ringing])).toBe(2);
    expect(sounding([one, two], new Set(), [horn()])).toBeNull();
    expect(sounding([one, two], new Set(), [])).toBeNull();
  });
  it("the most urgent of several positions gives the tone", () => {
    expect(sounding([one, two], new Set(), [ringing, horn({ position: "B", sounding: true, alarms: ["one"] })])).toBe(1);
  });
  it("what a person silenced here is silent although the network has not said so yet", () => {
    expect(sounding([two], silence([two]), [ringing])).toBeNull();
  });
  it("without word from the service every loud alarm sounds", () => {
    expect(sounding([one], new Set(), null)).toBe(1);
  });
});

describe("mark of the tab", () => {
  it("tells the most urgent priority and its count", () => {
    expect(markName([0, 0, 3, 0, 12], false)).toBe("2-3");
    expect(markName([0, 12, 3, 0, 0], false)).toBe("1-more");
    expect(markName([0, 0, 0, 0, 0], false)).toBe("calm");
  });
  it("knows nothing when data is lost", () => {
    expect(markName([0, 1, 0, 0, 0], true)).toBe("lost");
  });
});
