import { describe, expect, it } from "vitest";
import type { Session } from "../src/api/types";
import { en } from "../src/i18n/en";
import { noWish, requestOf, type Wish } from "../src/pages/permits/wish";
import { byUrgency, isCheckLate, isOpen, measuresOf, needsWords, OPEN_STATES, passedPercent, STATES, stepsFor, toneOf } from "../src/state/permits";
import { iso, permit, session, T0 } from "./make";

const HOUR = 3600;
const OPERATOR = ["permit.request"];
const LEAD = ["permit.request", "permit.approve"];
const who = (role: string, permissions: string[], name = "李"): Session => session({ role, permissions, username: role, person: null, name: { zh: name, en: name } });

describe("what a person may do with a permit", () => {
  const asked = permit({ state: "requested", next_role: "shift_leader", passed_percent: null });
  it("the role whose turn it is approves and refuses; nobody else", () => {
    expect(stepsFor(asked, who("shift_leader", LEAD))).toEqual(["approve", "refuse"]);
    expect(stepsFor(asked, who("manager", ["permit.approve"]))).toEqual([]);
    expect(stepsFor(asked, who("operator", OPERATOR))).toEqual([]);
    expect(stepsFor(asked, null)).toEqual([]);
  });
  it("a role without the permission approves nothing, whatever the ladder says", () => {
    expect(stepsFor(asked, who("shift_leader", OPERATOR))).toEqual([]);
  });
  it("who asked withdraws and never approves it", () => {
    expect(stepsFor(asked, who("operator", OPERATOR, "王"))).toEqual(["withdraw"]);
    expect(stepsFor(asked, who("shift_leader", LEAD, "王"))).toEqual(["refuse", "withdraw"]);
  });
  it("an approving role revokes what is approved or in use; an operator looks after it", () => {
    expect(stepsFor(permit({ state: "approved" }), who("manager", ["permit.approve"]))).toEqual(["revoke"]);
    expect(stepsFor(permit(), who("manager", ["permit.approve"]))).toEqual(["revoke"]);
    expect(stepsFor(permit(), who("safety", ["permit.approve"]))).toEqual([]);
    expect(stepsFor(permit(), who("operator", OPERATOR))).toEqual(["check-measures"]);
    expect(stepsFor(permit({ state: "restoring" }), who("operator", OPERATOR))).toEqual(["check-function"]);
  });
  it("nothing is done with one that has ended", () => {
    for (const state of STATES.filter((one) => !OPEN_STATES.includes(one))) {
      expect([state, stepsFor(permit({ state }), who("shift_leader", LEAD, "王"))]).toEqual([state, []]);
      expect(isOpen({ state })).toBe(false);
    }
  });
  it("words are needed where the service needs them", () => {
    expect((["approve", "refuse", "revoke", "withdraw", "check-measures", "check-function"] as const).filter(needsWords)).toEqual(["refuse", "revoke", "check-measures", "check-function"]);
  });
});

describe("the permit book", () => {
  it("has the overdue first, then what is in use, then by its end; ended ones newest first", () => {
    const book = [
      permit({ id: "old", state: "closed", ended_at: iso(10) }),
      permit({ id: "new", state: "refused", ended_at: iso(20) }),
      permit({ id: "asked", state: "requested" }),
      permit({ id: "later", until: iso(9 * HOUR) }),
      permit({ id: "sooner", until: iso(2 * HOUR) }),
      permit({ id: "over", overdue: true, until: iso(99 * HOUR) }),
    ];
    expect(book.sort(byUrgency).map((one) => one.id)).toEqual(["over", "sooner", "later", "asked", "new", "old"]);
  });
  it("every state has its word", () => {
    for (const state of STATES) expect([state, (en as Record<string, string>)[`permit_state.${state}`]]).not.toContain(undefined);
  });
  it("time passes on the screen between two answers, and beyond its end", () => {
    expect(passedPercent(permit(), T0 + 2 * HOUR * 1000)).toBe(50);
    expect(passedPercent(permit(), T0 + 6 * HOUR * 1000)).toBe(150);
    expect(passedPercent(permit(), T0 - HOUR * 1000)).toBe(0);
    expect(passedPercent(permit({ passed_percent: null }), T0)).toBeNull();
    expect(passedPercent(permit({ until: iso(0) }), T0)).toBe(100);
  });
  it("the bar turns where the service tells somebody", () => {
    expect([0, 49.9, 50, 79.9, 80, 99.9, 100, 300].map(toneOf)).toEqual(["calm", "calm", "half", "half", "late", "late", "over", "over"]);
  });
  it("a check is late at its moment", () => {
    const due = permit({ check_due: iso(60) });
    expect([isCheckLate(due, T0 + 59_999), isCheckLate(due, T0 + 60_000), isCheckLate(permit(), T0)]).toEqual([false, true, false]);
  });
});

describe("the request", () => {
  const full: Wish = { ...noWish(), interlock: "SIS-101", bits: ["BPS-101"], reason: " 检修 ", risk: "满罐", measures: "人工检尺\n\n  专人监护 \n" };
  const sent = (change: Partial<Wish> = {}) => requestOf({ ...full, ...change }, T0, "Asia/Shanghai");
  it("begins now and counts the hours from now", () => {
    expect(sent()).toEqual({ interlock: "SIS-101", bits: ["BPS-101"], reason: "检修", risk: "满罐", measures: ["人工检尺", "专人监护"], start: null, until: iso(4 * HOUR), check_every_s: 1800 });
  });
  it("begins later in the site's time and counts from there", () => {
    const wish = sent({ later: true, start: "2026-03-01T14:00", hours: 2 });
    expect([wish?.start, wish?.until]).toEqual([iso(2 * HOUR), iso(4 * HOUR)]);
  });
  it("ends when the person says", () => {
    expect(sent({ hours: null, until: "2026-03-01T13:30" })?.until).toBe(iso(1.5 * HOUR));
  });
  it.each<[string, Partial<Wish>]>([
    ["no interlock", { interlock: "" }],
    ["no bit", { bits: [] }],
    ["no reason", { reason: "  " }],
    ["no risk", { risk: "" }],
    ["no measure", { measures: " \n " }],
    ["no end", { hours: null, until: "" }],
    ["an end before the start", { hours: null, until: "2026-03-01T11:59" }],
    ["no start although later", { later: true, start: "" }],
  ])("is not sent with %s", (_, change) => {
    expect(sent(change)).toBeNull();
  });
  it("one measure each line", () => {
    expect(measuresOf("a\r\n b \n\nc")).toEqual(["a", "b", "c"]);
  });
});
