import { describe, expect, it } from "vitest";
import { addSample, LEAST_COVERAGE_MS, minutesTo, ratePerHour, type Sample, WINDOW_MS } from "../src/state/rate";

function line(perHour: number, seconds: number, noise = 0): readonly Sample[] {
  let samples: readonly Sample[] = [];
  for (let second = 0; second <= seconds; second += 1) {
    samples = addSample(samples, { atMs: second * 1000, value: 5 + (perHour * second) / 3600 + (second % 2 === 0 ? noise : -noise) });
  }
  return samples;
}

describe("rate of a level", () => {
  it("is the slope of a straight line", () => {
    expect(ratePerHour(line(1.2, 60))).toBeCloseTo(1.2, 6);
    expect(ratePerHour(line(-3, 60))).toBeCloseTo(-3, 6);
  });

  it("bears noise of the last digit", () => {
    expect(Math.abs((ratePerHour(line(1.2, 90, 0.001)) ?? 0) - 1.2)).toBeLessThan(0.1);
  });

  it("says nothing while too little was seen", () => {
    expect(ratePerHour([])).toBeNull();
    expect(ratePerHour(line(1, LEAST_COVERAGE_MS / 1000 - 1))).toBeNull();
    expect(ratePerHour(line(1, LEAST_COVERAGE_MS / 1000))).not.toBeNull();
  });

  it("forgets what is older than its window", () => {
    const samples = line(1, 300);
    expect(samples[samples.length - 1]!.atMs - samples[0]!.atMs).toBeLessThanOrEqual(WINDOW_MS);
  });

  it("takes about one sample a second, however many come", () => {
    let samples: readonly Sample[] = [];
    for (let at = 0; at < 10_000; at += 200) samples = addSample(samples, { atMs: at, value: 1 });
    expect(samples.length).toBeLessThanOrEqual(11);
  });
});

describe("minutes to a limit", () => {
  it("while filling", () => {
    expect(minutesTo(10, 11, 2)).toBeCloseTo(30);
  });
  it.each([
    [10, 11, 0],
    [10, 11, -1],
    [12, 11, 1],
    [10, null, 1],
    [10, 11, null],
  ])("not otherwise: %s %s %s", (value, limit, rate) => {
    expect(minutesTo(value, limit, rate)).toBeNull();
  });
});
