import { describe, expect, it } from "vitest";
import { ageMs, closed, freshness, heard, LOST_AFTER_MS, NO_LINK, opened, serverNowMs } from "../src/state/link";
import { frame, T0 } from "./make";

describe("age of the data", () => {
  const link = heard(opened(NO_LINK), frame({ scan_age_ms: 40 }), 1_000);

  it("is the silence plus the age the scan already had", () => {
    expect(ageMs(link, 1_000)).toBe(40);
    expect(ageMs(link, 1_500)).toBe(540);
    expect(ageMs(NO_LINK, 1_500)).toBeNull();
  });

  it("is lost within three seconds of silence", () => {
    expect(freshness(link, 1_000 + LOST_AFTER_MS - 40, 0)).toBe("live");
    expect(freshness(link, 1_000 + LOST_AFTER_MS, 0)).toBe("lost");
    expect(LOST_AFTER_MS).toBeLessThanOrEqual(3_000);
  });

  it("is lost although frames come, when the scan behind them stands still", () => {
    expect(freshness(heard(link, frame({ scan_age_ms: 3_500, status: "late" }), 9_000), 9_001, 0)).toBe("lost");
  });

  it("is late when the service says so", () => {
    expect(freshness(heard(link, frame({ scan_age_ms: 1_400, status: "late" }), 9_000), 9_001, 0)).toBe("late");
  });

  it("a closed socket alone changes nothing: the age tells", () => {
    expect(freshness(closed(link), 1_200, 0)).toBe("live");
    expect(freshness(closed(link), 5_000, 0)).toBe("lost");
  });

  it("before the first frame it waits, then says that nothing came", () => {
    expect(freshness(NO_LINK, 2_000, 0)).toBe("waiting");
    expect(freshness(NO_LINK, 3_001, 0)).toBe("lost");
  });
});

it("the clock shown is the server's", () => {
  const link = heard(NO_LINK, frame(), 50_000);
  expect(serverNowMs(link, 50_750)).toBe(T0 + 750);
  expect(serverNowMs(NO_LINK, 1)).toBeNull();
});
