import { describe, expect, it } from "vitest";
import { decimals, duration, fromWall, fullTime, number, plain, span, time, unit, wall, wholeSeconds, zone } from "../src/format";

const ZONE = "Asia/Shanghai";
const NOON = Date.parse("2026-03-01T04:00:00.123Z"); // 12:00:00.123 in Shanghai

describe("units", () => {
  it.each([
    ["m3/h", "m³/h"],
    ["Nm3/h", "Nm³/h"],
    ["m3", "m³"],
    ["mg/m3", "mg/m³"],
    ["W/m2", "W/m²"],
    ["um", "µm"],
    ["uS/cm", "µS/cm"],
    ["mm/s", "mm/s"],
    ["m", "m"],
    ["%LEL", "%LEL"],
    ["", ""],
    [null, ""],
  ])("%s is written %s", (eu, shown) => {
    expect(unit(eu)).toBe(shown);
  });
});

describe("the zone of the clock", () => {
  it.each([
    ["Asia/Shanghai", "2026-03-01T04:00:00.123Z", "UTC+8"],
    ["UTC", "2026-03-01T04:00:00.999Z", "UTC+0"],
    ["Asia/Kolkata", "2026-03-01T04:00:00Z", "UTC+5:30"],
    ["America/St_Johns", "2026-01-01T04:00:00Z", "UTC−3:30"],
    ["Europe/Berlin", "2026-07-01T04:00:00Z", "UTC+2"],
    ["Europe/Berlin", "2026-01-01T04:00:00Z", "UTC+1"],
  ])("%s at %s is %s", (timezone, moment, shown) => {
    expect(zone(Date.parse(moment), timezone)).toBe(shown);
  });
});

describe("numbers", () => {
  it.each([
    [0.01, 2],
    [0.5, 1],
    [1, 0],
    [10, 0],
    [0.025, 2],
    [0.001, 3],
    [0.1 + 0.2, 1],
    [0, 2],
    [Number.NaN, 2],
  ])("resolution %s shows %s decimals", (resolution, digits) => {
    expect(decimals(resolution)).toBe(digits);
  });

  it("never more than the instrument knows, never fewer", () => {
    expect(number(11.4249, 0.01)).toBe("11.42");
    expect(number(11, 0.001)).toBe("11.000");
    expect(number(25.32, 1)).toBe("25");
  });

  it("a minus zero is a zero, and no number is a dash", () => {
    expect(number(-0.0004, 0.01)).toBe("0.00");
    expect(number(-0.4, 1)).toBe("0");
    expect(number(-0.006, 0.01)).toBe("-0.01");
    for (const none of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY]) expect(number(none, 0.1)).toBe("—");
  });

  it("limits are said as short as they are", () => {
    expect(plain(10.4)).toBe("10.4");
    expect(plain(0.1 + 0.2)).toBe("0.3");
    expect(plain(1928)).toBe("1928");
    expect(plain(null)).toBe("—");
  });
});

describe("times", () => {
  it("are the site's, not the browser's", () => {
    expect(time(NOON, ZONE, NOON)).toBe("12:00:00");
    expect(time("2026-03-01T04:00:00.123Z", "Europe/Berlin", NOON)).toBe("05:00:00");
  });

  it("carry the date when it is not the site's today", () => {
    const justBefore = Date.parse("2026-02-28T15:59:59Z"); // 23:59:59 in Shanghai, still 28 February
    expect(time(justBefore, ZONE, NOON)).toBe("02-28 23:59:59");
    expect(time(justBefore + 1000, ZONE, NOON)).toBe("00:00:00");
    expect(time("2025-12-31T12:00:00Z", ZONE, NOON)).toBe("2025-12-31 20:00:00");
  });

  it("of nothing are a dash", () => {
    expect(time(null, ZONE, NOON)).toBe("—");
    expect(time("never", ZONE, NOON)).toBe("—");
    expect(fullTime(null, ZONE)).toBe("—");
  });

  it("for the record have milliseconds", () => {
    expect(fullTime(NOON, ZONE)).toBe("2026-03-01 12:00:00.123");
    expect(fullTime(NOON + 0.9, ZONE)).toBe("2026-03-01 12:00:00.123");
  });

  it("midnight is 00, not 24", () => {
    expect(wall(Date.parse("2026-02-28T16:00:00Z"), ZONE)).toBe("2026-03-01 00:00:00");
  });

  it("go from the site's wall back to the moment", () => {
    expect(fromWall("2026-03-01 12:00:00", ZONE)).toBe("2026-03-01T04:00:00.000Z");
    expect(fromWall("2026-07-01 12:00:00", "Europe/Berlin")).toBe("2026-07-01T10:00:00.000Z");
    expect(fromWall("no time", ZONE)).toBeNull();
    for (const moment of [NOON, NOON + 86_400_000 * 200]) {
      const whole = Math.floor(moment / 1000) * 1000;
      expect(Date.parse(fromWall(wall(whole, "America/New_York"), "America/New_York") ?? "")).toBe(whole);
    }
  });
});

describe("lengths of time", () => {
  it.each([
    [0, "0.0 s", "0.0 秒"],
    [230, "0.2 s", "0.2 秒"],
    [12_400, "12 s", "12 秒"],
    [59_600, "1 min 00 s", "1 分 00 秒"],
    [245_000, "4 min 05 s", "4 分 05 秒"],
    [12_000_000, "3 h 20 min", "3 小时 20 分"],
    [187_200_000, "2 d 4 h", "2 天 4 小时"],
    [-5, "0.0 s", "0.0 秒"],
  ])("%s ms", (ms, english, chinese) => {
    expect(duration(ms, "en")).toBe(english);
    expect(duration(ms, "zh")).toBe(chinese);
  });

  it("that were set have no zeros behind them", () => {
    expect(span(900_000, "zh")).toBe("15 分");
    expect(span(3_600_000, "en")).toBe("1 h");
    expect(span(1_000, "en")).toBe("1 s");
    expect(span(200, "en")).toBe("0.2 s");
    expect(span(600_000, "en")).toBe("10 min");
    expect(span(90_000, "en")).toBe("1 min 30 s");
  });

  it("of silence are whole seconds", () => {
    expect(wholeSeconds(12_999)).toBe("12");
  });
});
