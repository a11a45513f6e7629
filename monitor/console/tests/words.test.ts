import { describe, expect, it } from "vitest";
import { windowOf } from "../src/components/windowing";
import { en } from "../src/i18n/en";
import { fill } from "../src/i18n/fill";
import { zh } from "../src/i18n/zh";
import { may, safeTarget } from "../src/state/session";

const holes = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

describe("both languages", () => {
  it("have the same keys and the same places to fill", () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
    for (const key of Object.keys(zh) as (keyof typeof zh)[]) expect([key, ...holes(en[key])]).toEqual([key, ...holes(zh[key])]);
  });
  it("say something everywhere", () => {
    for (const text of [...Object.values(zh), ...Object.values(en)]) expect(text.trim()).not.toBe("");
  });
  it("Chinese is Chinese", () => {
    const spoken = Object.entries(zh).filter(([key]) => !["frame.language", "interlocks.sil", "app.full"].includes(key));
    for (const [key, text] of spoken) expect([key, /[\u4e00-\u9fff]/.test(text) || holes(text).length > 0]).toEqual([key, true]);
  });
});

it("fills what it knows and leaves the rest to be seen", () => {
  expect(fill("{n} of {all}", { n: 3 })).toBe("3 of {all}");
});

describe("after the log-in", () => {
  it.each([
    ["/alarms/LT-101A.HH", "/alarms/LT-101A.HH"],
    ["//evil.example", "/alarms"],
    ["/\\evil.example", "/alarms"],
    ["https://evil.example", "/alarms"],
    ["/login?to=/login", "/alarms"],
    [undefined, "/alarms"],
  ])("%s leads to %s", (wanted, target) => {
    expect(safeTarget(wanted)).toBe(target);
  });
});

it("a person may do what the API says, nobody may do nothing", () => {
  const session = { permissions: ["plant.read", "alarm.acknowledge"] } as Parameters<typeof may>[0];
  expect(may(session, "alarm.acknowledge")).toBe(true);
  expect(may(session, "alarm.reset")).toBe(false);
  expect(may(null, "alarm.acknowledge")).toBe(false);
});

describe("a long list", () => {
  it("draws what is in view and a little more, and keeps its whole height", () => {
    const view = windowOf(10_000, 32, 640, 32 * 5_000);
    expect(view.first).toBeLessThanOrEqual(5_000);
    expect(view.end).toBeGreaterThanOrEqual(5_020);
    expect(view.end - view.first).toBeLessThan(60);
    expect(view.before + (view.end - view.first) * 32 + view.after).toBe(320_000);
  });
  it("at both ends and beyond", () => {
    expect(windowOf(10, 32, 640, 0)).toEqual({ first: 0, end: 10, before: 0, after: 0 });
    expect(windowOf(1_000, 32, 640, 999_999).end).toBe(1_000);
    expect(windowOf(0, 32, 640, 500)).toEqual({ first: 0, end: 0, before: 0, after: 0 });
  });
});
