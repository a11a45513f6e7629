import { describe, expect, it } from "vitest";
import type { Forecast } from "../src/api/types";
import { foremost, timeLeft, trend, unheard } from "../src/state/forecasts";

const forecast = (changes: Partial<Forecast> = {}): Forecast => ({
  id: "LT-1.minutes", tag: "LT-1", at: "2026-01-01T00:00:00Z", limit: 10.8, eu: "m", rising: true, required_min: 15, verdict: "false", trend_per_h: 1.2, known: true, minutes: 42.9, ...changes,
});

describe("the time left", () => {
  it("is told in whole minutes, never rounded up", () => {
    expect(timeLeft(forecast())).toEqual({ key: "forecast.reaches", minutes: 42, tone: "far" });
    expect(timeLeft(forecast({ minutes: 0.99 }))).toEqual({ key: "forecast.soon", minutes: null, tone: "near" });
  });

  it("is near when the rule says so, or when no more is left than needed", () => {
    expect(timeLeft(forecast({ minutes: 15 })).tone).toBe("near");
    expect(timeLeft(forecast({ minutes: 16, verdict: "true" })).tone).toBe("near");
    expect(timeLeft(forecast({ minutes: 15.1 })).tone).toBe("far");
  });

  it("says when the value does not move there", () => {
    expect(timeLeft(forecast({ minutes: null, trend_per_h: -0.5 }))).toEqual({ key: "forecast.away", minutes: null, tone: "far" });
  });

  it("says that it is unknown, whatever else is told", () => {
    expect(timeLeft(forecast({ known: false, minutes: null, verdict: "true" }))).toEqual({ key: "forecast.unknown", minutes: null, tone: "unknown" });
  });
});

describe("where there is room for one", () => {
  const [far, near, away] = [forecast(), forecast({ id: "near", minutes: 3 }), forecast({ id: "away", minutes: null })];

  it("it is the nearest", () => {
    expect(foremost([far, near, away])).toBe(near);
  });

  it("what is not known goes before what is not on its way, and after what is", () => {
    const unknown = unheard(near);
    expect(foremost([away, unknown])).toBe(unknown);
    expect(foremost([unknown, far])).toBe(far);
  });

  it("it is none where none is on its way", () => {
    expect([foremost([]), foremost([away])]).toEqual([null, null]);
  });

  it("nothing is known any more once nobody answers", () => {
    expect(timeLeft(unheard(near)).tone).toBe("unknown");
    expect(trend(unheard(near))).toBe("");
  });
});

describe("the trend", () => {
  it("has its sign and unit", () => {
    expect([trend(forecast()), trend(forecast({ trend_per_h: -0.5 })), trend(forecast({ trend_per_h: -0.001 }))]).toEqual(["+1.20 m/h", "-0.50 m/h", "0.00 m/h"]);
  });

  it("is not invented", () => {
    expect(trend(forecast({ trend_per_h: null }))).toBe("");
  });
});
