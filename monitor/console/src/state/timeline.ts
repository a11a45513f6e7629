/** The journal's rows of one interlock as a timeline: what turned, what was first, how fast it was answered. */
import type { EffectFeedback, JournalRow, Text } from "../api/types";
import { effectsOf } from "./feedback";
import type { Axis } from "./interlocks";

export interface Turn {
  /** `feedback`: what all effects did about the demand. */
  readonly axis: Axis | "feedback";
  readonly before: string;
  readonly after: string;
  /** Tags of the causes that came first; more than one where their order is undecided. */
  readonly firstOut: readonly string[];
  readonly undecidedMs: number | null;
  readonly causes: readonly string[];
  readonly responseS: number | null;
  readonly requiredS: number | null;
  /** Slower than its effects may be. */
  readonly late: boolean;
  readonly bypassedBy: readonly string[];
  readonly effects: readonly EffectFeedback[];
}
export interface Moment {
  readonly seq: number;
  readonly time: string;
  readonly kind: string;
  readonly message: Text;
  readonly person: string;
  readonly turns: readonly Turn[];
}

type Bag = Readonly<Record<string, unknown>>;
const bag = (value: unknown): Bag => (typeof value === "object" && value !== null ? (value as Bag) : {});
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const texts = (value: unknown): string[] => list(value).filter((one): one is string => typeof one === "string");
const figure = (value: unknown): number | null => (typeof value === "number" ? value : null);

function turnOf(change: Bag): Turn {
  const detail = bag(change["detail"]);
  const responseS = figure(detail["response_s"]);
  const requiredS = figure(detail["required_s"]);
  return {
    axis: String(change["axis"]) as Turn["axis"],
    before: String(change["before"]),
    after: String(change["after"]),
    firstOut: texts(detail["first_out"]),
    undecidedMs: figure(detail["undecided_ms"]),
    causes: list(detail["causes"]).map((cause) => String(bag(cause)["tag"])),
    responseS,
    requiredS,
    late: responseS !== null && requiredS !== null && responseS > requiredS,
    bypassedBy: texts(detail["bypassed_by"]),
    effects: effectsOf(detail),
  };
}

/** One moment for each row; of a row that tells of many interlocks only what is of this one. */
export function timelineOf(rows: readonly JournalRow[], interlock: string): Moment[] {
  return rows.map((row) => ({
    seq: row.seq,
    time: row.time,
    kind: row.kind,
    message: row.message,
    person: row.person_name ?? "",
    turns: list(bag(row.body["values"])["changes"]).map(bag).filter((change) => change["interlock"] === interlock).map(turnOf),
  }));
}
