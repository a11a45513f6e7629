/** Which alarms a person has picked for one acknowledgement together.  Picked is an occurrence, not an id: a new one was not seen. */
import type { Alarm, GroupAnswer, SeenAlarm } from "../api/types";
import { needsAcknowledge, occurrenceKey } from "./alarms";

export type Picked = ReadonlySet<string>;

/** One command takes so many. */
export const MOST = 500;

export function toggle(picked: Picked, alarm: Alarm): Picked {
  const next = new Set(picked);
  const key = occurrenceKey(alarm);
  if (!next.delete(key)) next.add(key);
  return next;
}

/** Those of `shown` that can be picked: they wait for an acknowledgement, and this person may give it. */
export function pickable(shown: readonly Alarm[], mayAnswer: (alarm: Alarm) => boolean): Alarm[] {
  return shown.filter((alarm) => needsAcknowledge(alarm) && mayAnswer(alarm));
}

export const pickAll = (alarms: readonly Alarm[]): Picked => new Set(alarms.map(occurrenceKey));

/** Forget what no longer waits or is another occurrence by now. */
export function still(picked: Picked, alarms: readonly Alarm[]): Picked {
  const waiting = new Set(alarms.filter(needsAcknowledge).map(occurrenceKey));
  const kept = [...picked].filter((key) => waiting.has(key));
  return kept.length === picked.size ? picked : new Set(kept);
}

/** In pieces that one command takes. */
export function pieces(alarms: readonly SeenAlarm[]): SeenAlarm[][] {
  const found: SeenAlarm[][] = [];
  for (let at = 0; at < alarms.length; at += MOST) found.push(alarms.slice(at, at + MOST));
  return found;
}

export const refused = (answers: readonly GroupAnswer[]): GroupAnswer[] => answers.filter((answer) => !answer.acknowledged);
