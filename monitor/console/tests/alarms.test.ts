import { describe, expect, it } from "vitest";
import type { Alarm } from "../src/api/types";
import { canReset, isReturned, mostUrgent, needsAcknowledge, NO_ALARMS, sorted, takeAll, takeAnswer, takeEvent, totals, worst } from "../src/state/alarms";
import { alarm, event, iso, shelved } from "./make";

const all = (alarms: Alarm[], seq = 10) => takeAll({ type: "alarms", epoch: "e1", seq, at: iso(0), alarms, horns: [] });

describe("what the stream says", () => {
  it("begins with everything that is active", () => {
    expect([...all([alarm(), alarm({ id: "B" })]).byId.keys()]).toEqual(["LT-101A.HH", "B"]);
  });

  it("takes an event after the last row, and only then", () => {
    const state = all([], 10);
    expect(takeEvent(state, event(10, alarm()))).toBe(state);
    const next = takeEvent(state, event(11, alarm()));
    expect(next.byId.size).toBe(1);
    expect(next.seq).toBe(11);
    expect(state.byId.size).toBe(0);
  });

  it("refuses an event of another run of the service", () => {
    const state = all([], 10);
    expect(takeEvent(state, event(11, alarm(), { epoch: "e2" }))).toBe(state);
  });

  it("forgets an alarm that is normal again", () => {
    expect(takeEvent(all([alarm()]), event(11, alarm({ underlying_state: "normal" }))).byId.size).toBe(0);
  });

  it("keeps a suppressed alarm although its condition is gone", () => {
    const state = takeEvent(all([alarm()]), event(11, alarm({ underlying_state: "normal", state: "shelved", suppressions: [shelved] })));
    expect(state.byId.size).toBe(1);
  });

  it("a new list replaces the old one whole", () => {
    const state = takeEvent(all([alarm()]), event(11, alarm({ id: "B" })));
    const next = takeAll({ type: "alarms", epoch: "e2", seq: 3, at: iso(0), alarms: [alarm({ id: "C" })], horns: [] });
    expect(state.byId.size).toBe(2);
    expect([...next.byId.keys()]).toEqual(["C"]);
    expect(next.seq).toBe(3);
  });

  it("an answer to a command never overtakes what the stream already said", () => {
    const later = alarm({ transition: 3, underlying_state: "acknowledged" });
    expect(takeAnswer(all([later]), alarm({ transition: 2 })).byId.get("LT-101A.HH")).toBe(later);
    const next = alarm({ occurrence: 2, transition: 1 });
    expect(takeAnswer(all([later]), next).byId.get("LT-101A.HH")).toBe(next);
    expect(takeAnswer(NO_ALARMS, next).byId.size).toBe(1);
  });
});

describe("order", () => {
  it("is priority, then newest, then id; suppressed last", () => {
    const state = all([
      alarm({ id: "c", priority: 3, raised_at: iso(50) }),
      alarm({ id: "old", priority: 1, raised_at: iso(1) }),
      alarm({ id: "quiet", priority: 1, raised_at: iso(90), suppressions: [shelved] }),
      alarm({ id: "new", priority: 1, raised_at: iso(9) }),
      alarm({ id: "a", priority: 3, raised_at: iso(50) }),
    ]);
    expect(sorted(state).map((one) => one.id)).toEqual(["new", "old", "a", "c", "quiet"]);
  });

  it("what still stands goes before what has returned, within its priority", () => {
    const standing = alarm({ id: "OLD", raised_at: iso(0) });
    const returned = alarm({ id: "NEW", raised_at: iso(60), underlying_state: "returned_unacknowledged", state: "returned_unacknowledged" });
    const lesser = alarm({ id: "LESS", raised_at: iso(90), priority: 4 });
    const rows = sorted(all([returned, lesser, standing]));
    expect(rows.map((one) => one.id)).toEqual(["OLD", "NEW", "LESS"]);
    expect(mostUrgent(rows, 1).map((one) => one.id)).toEqual(["OLD"]);
    expect(worst([returned, standing])?.id).toBe("OLD");
  });

  it("an acknowledgement moves no row", () => {
    const before = all([alarm({ id: "a" }), alarm({ id: "b" })]);
    const after = takeEvent(before, event(11, alarm({ id: "a", underlying_state: "acknowledged", transition: 2, changed_at: iso(99) })));
    expect(sorted(after).map((one) => one.id)).toEqual(sorted(before).map((one) => one.id));
  });
});

describe("counts", () => {
  const alarms = sorted(
    all([
      alarm({ id: "1", priority: 1 }),
      alarm({ id: "2", priority: 1, underlying_state: "acknowledged" }),
      alarm({ id: "3", priority: 4, underlying_state: "returned_unacknowledged" }),
      alarm({ id: "4", priority: 1, suppressions: [shelved] }),
    ]),
  );

  it("by priority, suppressed apart", () => {
    expect(totals(alarms)).toEqual({ active: 3, unacknowledged: 2, suppressed: 1, activeBy: [0, 2, 0, 0, 1], unacknowledgedBy: [0, 1, 0, 0, 1] });
  });

  it("the most urgent are unacknowledged and not suppressed", () => {
    expect(mostUrgent(alarms, 3).map((one) => one.id)).toEqual(["1", "3"]);
    expect(mostUrgent(alarms, 1).map((one) => one.id)).toEqual(["1"]);
  });

  it("the worst of a tank ignores what is suppressed", () => {
    expect(worst(alarms.filter((one) => ["3", "4"].includes(one.id)))?.id).toBe("3");
    expect(worst([])).toBeNull();
  });
});

describe("states", () => {
  it.each([
    ["unacknowledged", true, false, false],
    ["acknowledged", false, false, false],
    ["returned_unacknowledged", true, false, true],
    ["latched_unacknowledged", true, false, true],
    ["latched_acknowledged", false, true, true],
  ])("%s", (state, acknowledge, reset, returned) => {
    const one = alarm({ underlying_state: state });
    expect([needsAcknowledge(one), canReset(one), isReturned(one)]).toEqual([acknowledge, reset, returned]);
  });

  it("a suppressed alarm asks for nothing", () => {
    expect(needsAcknowledge(alarm({ suppressions: [shelved] }))).toBe(false);
  });
});
