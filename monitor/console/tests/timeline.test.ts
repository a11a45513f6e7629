import { describe, expect, it } from "vitest";
import { ANSWERS, answerTone } from "../src/state/feedback";
import { timelineOf } from "../src/state/timeline";
import { journalRow } from "./make";

const change = (interlock: string, more: object = {}) => ({ interlock, axis: "action", before: "ready", after: "tripped", detail: {}, ...more });
const row = (...changes: object[]) => journalRow({ body: { values: { changes } } });

describe("the timeline of an interlock", () => {
  it("tells what was first and how fast it was answered", () => {
    const detail = { first_out: ["LSHH-101"], undecided_ms: null, causes: [{ tag: "LSHH-101", value: 1, at_ns: 1 }], response_s: 2.5, required_s: 2, bypassed_by: [] };
    const [moment] = timelineOf([row(change("SIS-101", { detail }))], "SIS-101");
    expect(moment!.turns).toEqual([{ axis: "action", before: "ready", after: "tripped", firstOut: ["LSHH-101"], undecidedMs: null, causes: ["LSHH-101"], responseS: 2.5, requiredS: 2, late: true, bypassedBy: [], effects: [] }]);
  });
  it("is not late at exactly the required time, nor before it was answered", () => {
    const late = (response: number | null) => timelineOf([row(change("SIS-101", { detail: { response_s: response, required_s: 2 } }))], "SIS-101")[0]!.turns[0]!.late;
    expect([late(2), late(2.001), late(null)]).toEqual([false, true, false]);
  });
  it("keeps of a row that tells of many only what is of this one", () => {
    expect(timelineOf([row(change("SIS-102"), change("SIS-101"))], "SIS-101")[0]!.turns).toHaveLength(1);
  });
  it("says the words of a row that has no change, and survives a body of another shape", () => {
    const [step, odd] = timelineOf([journalRow({ kind: "permit", person_name: "王", message: { zh: "申请旁路", en: "asked" }, body: { values: { permit: "P-000001" } } }), journalRow({ body: { values: { changes: ["?", null] } } })], "SIS-101");
    expect([step!.kind, step!.person, step!.message.zh, step!.turns]).toEqual(["permit", "王", "申请旁路", []]);
    expect(odd!.turns).toEqual([]);
  });
  it("tells of every effect its own time", () => {
    const effect = { tag: "XV-101I.CLOSED", within_s: 10, answer: "late", after_s: 12.5, at_most: false, by_source_time: true };
    const odd = [effect, { tag: 3 }, null, { tag: "P-1", answer: "danced", within_s: 5 }];
    const turn = timelineOf([row(change("SIS-101", { axis: "feedback", before: "waiting", after: "late", detail: { effects: odd } }))], "SIS-101")[0]!.turns[0]!;
    expect(turn.axis).toBe("feedback");
    expect(turn.effects).toEqual([effect, { tag: "P-1", within_s: 5, answer: null, after_s: null, at_most: false, by_source_time: false }]);
  });
});

describe("the answer of an effect", () => {
  it("is loud where it is late or never came, and unseen where nobody knows", () => {
    expect([...ANSWERS, null].map(answerTone)).toEqual(["calm", "loud", "loud", "calm", "blind", "calm"]);
  });
});
