/** How long an alarm may be shelved, as choices; and the list of what is silent on purpose. */
import type { Alarm, Suppression } from "../api/types";

const MINUTE_S = 60;
const STEPS_S = [15, 30, 60, 120, 240, 480, 720, 1440].map((minutes) => minutes * MINUTE_S);

/** Times to choose from, the longest that the class allows included; empty where it allows none. */
export function shelvingChoices(longestS: number): number[] {
  if (longestS <= 0) return [];
  return [...STEPS_S.filter((step) => step < longestS), longestS].slice(-6);
}

export interface Silent {
  readonly alarm: Alarm;
  readonly why: Suppression;
}

/** One line per suppression: those that end soonest first, those without an end last. */
export function silentOnes(alarms: readonly Alarm[]): Silent[] {
  const end = (one: Silent): string => one.why.until ?? "~";
  return alarms
    .flatMap((alarm) => alarm.suppressions.map((why) => ({ alarm, why })))
    .sort((a, b) => (end(a) < end(b) ? -1 : end(a) > end(b) ? 1 : a.alarm.id < b.alarm.id ? -1 : 1));
}

/** The condition stands although nobody is told. */
export const standsSilently = (alarm: Alarm): boolean => alarm.underlying_state === "unacknowledged" || alarm.underlying_state === "acknowledged";
