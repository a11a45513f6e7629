import { beforeEach, describe, expect, it } from "vitest";
import { columns, reading, type TagColumns, takeFrame } from "../src/state/tags";
import { fitting, type Wanted } from "../src/pages/tags/filter";
import { frame, tag } from "./make";

const IDS = ["a", "b", "c"];
const snapshot = () =>
  frame({ type: "snapshot", frame: 7, prev: 0, row: [0, 1, 2], value: [1, 2, null], quality: [0, 1, 2], source_time_ms: [10, null, null], received_ms: [11, 12, 13] });

describe("frames", () => {
  let tags: TagColumns;
  beforeEach(() => {
    tags = columns(IDS);
    expect(takeFrame(tags, snapshot())).toBe("taken");
  });

  it("a snapshot fills every row", () => {
    expect(reading(tags, "a")).toEqual({ value: 1, quality: 0, usable: true, waiting: false, sourceMs: 10, receivedMs: 11 });
    expect(reading(tags, "c")).toEqual({ value: null, quality: 2, usable: false, waiting: false, sourceMs: null, receivedMs: 13 });
  });

  it("the next frame changes its rows only", () => {
    expect(takeFrame(tags, frame({ frame: 8, prev: 7, row: [1], value: [5], quality: [0], source_time_ms: [null], received_ms: [20] }))).toBe("taken");
    expect(reading(tags, "b").value).toBe(5);
    expect(reading(tags, "a").value).toBe(1);
  });

  it("a missing frame is a gap, and nothing of it is believed", () => {
    expect(takeFrame(tags, frame({ frame: 10, prev: 9, row: [0], value: [99], quality: [0], source_time_ms: [null], received_ms: [1] }))).toBe("gap");
    expect(reading(tags, "a").value).toBe(1);
    expect(takeFrame(tags, snapshot())).toBe("taken");
  });

  it("another run of the service means: load the lists again", () => {
    expect(takeFrame(tags, frame({ epoch: "e2", frame: 8, prev: 7 }))).toBe("epoch");
    expect(takeFrame(tags, { ...snapshot(), epoch: "e2" })).toBe("epoch");
  });

  it("a row we have no tag for means another tag list", () => {
    expect(takeFrame(tags, frame({ frame: 8, prev: 7, row: [3], value: [1], quality: [0], source_time_ms: [null], received_ms: [1] }))).toBe("epoch");
  });

  it("a change before any snapshot is a gap", () => {
    expect(takeFrame(columns(IDS), frame())).toBe("gap");
  });

  it("a tag that is not there reads as never seen", () => {
    expect(reading(tags, "x").usable).toBe(false);
    expect(reading(tags, null).quality).toBe(4);
  });

  it("stale and bad are never usable, whatever value they carry", () => {
    for (const quality of [2, 3, 4]) {
      const next = columns(["a"]);
      takeFrame(next, frame({ type: "snapshot", row: [0], value: [1], quality: [quality], source_time_ms: [null], received_ms: [1] }));
      expect(reading(next, "a").usable).toBe(false);
      expect(reading(next, "a").value).toBe(1);
    }
  });
});

describe("search", () => {
  const tags = [tag(), tag({ id: "PT-204A", description: { zh: "球罐压力", en: "Sphere pressure" }, device: "PLC-1", hazard_source: "HS-1", address: "ns=2;s=PT204A" })];
  const all: Wanted = { text: "", quality: "", device: "", source: "" };
  const find = (wanted: Partial<Wanted>) => fitting(tags, { ...all, ...wanted }, (row) => (row === 1 ? 3 : 0), (one) => one.id === "LT-101A");

  it.each<[Partial<Wanted>, number[]]>([
    [{}, [0, 1]],
    [{ text: "lt-101" }, [0]],
    [{ text: "压力 pt" }, [1]],
    [{ text: "SPHERE 204" }, [1]],
    [{ text: "ns=2" }, [1]],
    [{ text: "lt-101 sphere" }, []],
    [{ device: "PLC-1" }, [1]],
    [{ source: "HS-2" }, [0]],
    [{ quality: "not_good" }, [1]],
    [{ quality: "alarms" }, [0]],
  ])("%o", (wanted, rows) => {
    expect(find(wanted)).toEqual(rows);
  });
});

it("before the first snapshot a value is awaited, not blind", () => {
  const empty = columns(["a"]);
  expect(reading(empty, "a")).toMatchObject({ waiting: true, usable: false });
  expect(reading(empty, "unknown")).toMatchObject({ waiting: true, usable: false });
  takeFrame(empty, frame({ type: "snapshot" }));
  expect(reading(empty, "a")).toMatchObject({ waiting: false, usable: false, quality: 4 });
  expect(reading(empty, "unknown").waiting).toBe(false);
});
