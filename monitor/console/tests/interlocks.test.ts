import { describe, expect, it } from "vitest";
import { en } from "../src/i18n/en";
import { byShortage, protectionsOf } from "../src/pages/interlocks/shortage";
import { axisWord, byUrgency, headlineAxis, isBypassed, SERVICES, toneOf } from "../src/state/interlocks";
import { interlock, protection } from "./make";

const ACTIONS = ["ready", "tripped", "spurious_trip", "failed_to_trip", "demand_while_bypassed", "unknown"] as const;
const VOTINGS = ["full", "degraded", "lost", "unknown"] as const;

describe("interlocks", () => {
  it("counts what was restored and not checked as bypassed, and what is unknown as neither", () => {
    expect(SERVICES.filter(isBypassed)).toEqual(["bypassed_unauthorised", "bypassed_overdue", "bypassed_authorised", "restored_unchecked"]);
  });
  it("lists what it did before how it stands, and the worst first", () => {
    const rows = [
      interlock({ id: "A" }),
      interlock({ id: "B", service: "unknown", headline: "unknown" }),
      interlock({ id: "C", service: "bypassed_authorised", headline: "bypassed_authorised" }),
      interlock({ id: "D", service: "bypassed_unauthorised", headline: "bypassed_unauthorised" }),
      interlock({ id: "E", action: "failed_to_trip", headline: "failed_to_trip" }),
      interlock({ id: "F", voting: "unknown", headline: "unknown" }),
      interlock({ id: "G", voting: "lost", headline: "lost" }),
      interlock({ id: "H", proof_test_overdue: true }),
    ];
    expect(rows.sort(byUrgency).map((row) => row.id)).toEqual(["E", "D", "C", "G", "B", "F", "H", "A"]);
  });
  it("puts a headline that it does not know on top rather than at the end", () => {
    const rows = [interlock({ id: "A", service: "bypassed_unauthorised", headline: "bypassed_unauthorised" }), interlock({ id: "Z", headline: "melted" })];
    expect(rows.sort(byUrgency).map((row) => row.id)).toEqual(["Z", "A"]);
  });
  it("knows from which axis the word unknown comes", () => {
    expect(headlineAxis(interlock({ service: "unknown", action: "unknown", headline: "unknown" }))).toBe("service");
    expect(headlineAxis(interlock({ action: "unknown", voting: "unknown", headline: "unknown" }))).toBe("action");
    expect(headlineAxis(interlock({ voting: "unknown", headline: "unknown" }))).toBe("voting");
  });
  it("has a word and a sentence for every state of every axis", () => {
    const words = en as Record<string, string>;
    const all = [...SERVICES.map((one) => ["service", one] as const), ...ACTIONS.map((one) => ["action", one] as const), ...VOTINGS.map((one) => ["voting", one] as const)];
    for (const [axis, state] of all) {
      expect([state, words[`interlocks.${axisWord(axis, state)}`]]).not.toContain(undefined);
      expect([state, words[`interlocks.told_${axisWord(axis, state)}`]]).not.toContain(undefined);
    }
  });
  it("is calm only where all is well, and never calm where nothing is known", () => {
    const calm = [...SERVICES.map((one) => toneOf("service", one)), ...ACTIONS.map((one) => toneOf("action", one)), ...VOTINGS.map((one) => toneOf("voting", one))].filter((tone) => tone === "calm");
    expect(calm).toHaveLength(3);
    expect([toneOf("service", "unknown"), toneOf("action", "unknown"), toneOf("voting", "unknown")]).toEqual(["blind", "blind", "blind"]);
    expect([toneOf("action", "tripped"), toneOf("voting", "lost"), toneOf("service", "bypassed_authorised")]).toEqual(["loud", "loud", "bypassed"]);
  });
});

describe("protection layers", () => {
  const layer = (missing: string[]) => ({ id: "L1", name: { zh: "联锁", en: "interlock" }, available: missing.length === 0, missing });
  it("stand with those that are short first, then those with the least to spare", () => {
    const rows = [protection({ id: "A", available: 3 }), protection({ id: "B", available: 1 }), protection({ id: "C", available: 1, short: true }), protection({ id: "D" }), protection({ id: "E", available: 3, short: null })];
    expect(rows.sort(byShortage).map((one) => one.id)).toEqual(["C", "E", "B", "D", "A"]);
  });
  it("belong to an interlock by its equipment, or because they miss it", () => {
    const all = [protection({ id: "A", equipment: "T-101" }), protection({ id: "B", equipment: "T-102", layers: [layer(["SIS-101"])] }), protection({ id: "C", equipment: "T-103", layers: [layer(["SIS-103"])] })];
    expect(protectionsOf(interlock({ equipment: "T-101" }), all).map((one) => one.id)).toEqual(["A", "B"]);
    expect(protectionsOf(interlock({ equipment: "", id: "SIS-900" }), [protection({ equipment: "" })])).toEqual([]);
  });
});
