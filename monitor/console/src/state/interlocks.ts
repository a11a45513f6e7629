/** What an interlock's axes mean for colours, counts and order. */
import type { Interlock } from "../api/types";

export type Service = Interlock["service"];
export type Axis = "service" | "action" | "voting";
/** Worst first: what nobody allowed, what outlived its permit, what is unknown. */
export const SERVICES: readonly Service[] = [
  "bypassed_unauthorised", "bypassed_overdue", "bypassed_authorised", "unknown", "restored_unchecked", "in_service",
];
const BYPASSED: ReadonlySet<Service> = new Set(["bypassed_unauthorised", "bypassed_overdue", "bypassed_authorised", "restored_unchecked"]);
/** The service's own precedence of the headline: it names the word, the order here finds its axis and its place. */
const HEADLINES: readonly (readonly [Axis, string])[] = [
  ["action", "failed_to_trip"], ["action", "demand_while_bypassed"], ["service", "bypassed_unauthorised"],
  ["service", "bypassed_overdue"], ["action", "tripped"], ["action", "spurious_trip"], ["service", "bypassed_authorised"],
  ["voting", "lost"], ["service", "unknown"], ["service", "restored_unchecked"], ["voting", "degraded"],
  ["action", "unknown"], ["voting", "unknown"], ["service", "in_service"],
];

/** A barrier that is out; one that was restored and not checked counts as bypassed. */
export const isBypassed = (service: Service): boolean => BYPASSED.has(service);

const place = (one: Interlock): number => {
  const found = HEADLINES.findIndex(([axis, word]) => word === one.headline && one[axis] === word);
  return found < 0 ? 0 : found; // a word of a newer service: rather too high than too low
};

/** From which axis the headline comes; service where this console knows the word not. */
export const headlineAxis = (one: Interlock): Axis => HEADLINES.find(([axis, word]) => word === one.headline && one[axis] === word)?.[0] ?? "service";

/** Key of the words for one state of one axis, in the group `interlocks`. */
export const axisWord = (axis: Axis, state: string): string => (axis === "service" ? state : `${axis}_${state}`);

export type Tone = "loud" | "bypassed" | "blind" | "calm";
/** How loud one state of one axis is. */
export function toneOf(axis: Axis, state: string): Tone {
  if (state === "unknown") return "blind";
  if (axis === "service") return isBypassed(state as Service) ? "bypassed" : "calm";
  return ["ready", "full"].includes(state) ? "calm" : state === "degraded" ? "bypassed" : "loud";
}

/** Worst headline first; of two alike, the proof test that is overdue. */
export function byUrgency(a: Interlock, b: Interlock): number {
  return place(a) - place(b) || Number(b.proof_test_overdue) - Number(a.proof_test_overdue) || (a.id < b.id ? -1 : 1);
}
