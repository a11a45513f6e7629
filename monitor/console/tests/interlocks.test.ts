import { describe, expect, it } from "vitest";
import { byUrgency, isBypassed, SERVICES } from "../src/state/interlocks";
import { interlock } from "./make";

describe("interlocks", () => {
  it("counts what was restored and not checked as bypassed, and what is unknown as neither", () => {
    expect(SERVICES.filter(isBypassed)).toEqual(["bypassed_unauthorised", "bypassed_overdue", "bypassed_authorised", "restored_unchecked"]);
  });
  it("lists what it did before how it stands, and the worst service first", () => {
    const rows = [
      interlock({ id: "A" }),
      interlock({ id: "B", service: "unknown" }),
      interlock({ id: "C", service: "bypassed_authorised" }),
      interlock({ id: "D", service: "bypassed_unauthorised" }),
      interlock({ id: "E", action: "failed_to_trip" }),
    ];
    expect(rows.sort(byUrgency).map((row) => row.id)).toEqual(["E", "D", "C", "B", "A"]);
  });
});
