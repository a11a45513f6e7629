import { describe, expect, it } from "vitest";
import type { DesignSuppression, SuppressedAlarm, Suppression } from "../src/api/types";
import { groupsInOrder, isOfThePlant, reasonOf, trueFirst } from "../src/state/suppressions";

const alarm = (id: string, changes: Partial<SuppressedAlarm> = {}): SuppressedAlarm => ({
  id, subject: { zh: "", en: "" }, kind: "H", priority: 3, underlying_state: "normal", is_true: false, unknown: false, value: null, limit: null, eu: "", ...changes,
});
const group = (id: string, changes: Partial<DesignSuppression> = {}): DesignSuppression => ({
  id, kind: "condition", condition: "", parent: null, reason: { zh: "", en: "" }, stands: true, verdict: "true", since: null, until: null, ending: false, barred: false,
  explanation: { zh: "", en: "" }, true_below: 0, alarms: [], ...changes,
});
const why = (changes: Partial<Suppression>): Suppression => ({
  suppression: "by_design", reason: "罐空", person: "system", since: "", until: null, person_name: "", authorised_by: "", authorised_name: "", interim: "", source: "", condition: "", reason_en: "", ...changes,
});

describe("suppressions by design", () => {
  it("shows first what hides something, then what engineers wrote", () => {
    const groups = [group("e", { kind: "eclipse" }), group("d", { kind: "device", true_below: 40 }), group("b"), group("a")];
    expect(groupsInOrder(groups).map((one) => one.id)).toEqual(["d", "a", "b", "e"]);
  });

  it("shows first what is TRUE, then what cannot be judged, by priority", () => {
    const alarms = [alarm("n"), alarm("u", { unknown: true }), alarm("t3", { is_true: true }), alarm("t1", { is_true: true, priority: 1 })];
    expect(trueFirst(alarms).map((one) => one.id)).toEqual(["t1", "t3", "u", "n"]);
  });

  it("tells one of the plant from one that a person asked for", () => {
    expect(isOfThePlant(why({ source: "empty" }))).toBe(true);
    expect(isOfThePlant(why({}))).toBe(false);
    expect(isOfThePlant(why({ suppression: "shelved" }))).toBe(false);
  });

  it("gives the reason in English where the plant folder has one", () => {
    expect(reasonOf(why({ reason_en: "tank empty" }), "en")).toBe("tank empty");
    expect(reasonOf(why({ reason_en: "tank empty" }), "zh")).toBe("罐空");
    expect(reasonOf(why({}), "en")).toBe("罐空");
  });
});
