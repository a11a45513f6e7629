/** When the tone sounds: the horns of this console's positions; an unacknowledged alarm of priority 1 or 2 that nobody silenced. */
import type { Alarm, Horn } from "../api/types";
import { needsAcknowledge, occurrenceKey } from "./alarms";

export type Silenced = ReadonlySet<string>;

const LOUD = 2;

function loud(alarms: readonly Alarm[]): Alarm[] {
  return alarms.filter((alarm) => alarm.priority <= LOUD && needsAcknowledge(alarm));
}

/** The priority to sound, or null for quiet.  `horns` as the service tells them; null when it tells none. */
export function sounding(alarms: readonly Alarm[], silenced: Silenced, horns: readonly Horn[] | null = null): 1 | 2 | null {
  const ringing = horns === null ? null : new Set(horns.filter((horn) => horn.sounding).flatMap((horn) => horn.alarms));
  const waiting = loud(alarms).filter((alarm) => !silenced.has(occurrenceKey(alarm)) && (ringing === null || ringing.has(alarm.id)));
  if (waiting.length === 0) return null;
  return waiting.some((alarm) => alarm.priority === 1) ? 1 : 2;
}

/** Silence what stands now; the next new one sounds again. */
export function silence(alarms: readonly Alarm[]): Silenced {
  return new Set(loud(alarms).map(occurrenceKey));
}

/** Forget silences of occurrences that no longer wait, so that an alarm that comes back sounds. */
export function keep(silenced: Silenced, alarms: readonly Alarm[]): Silenced {
  const waiting = new Set(loud(alarms).map(occurrenceKey));
  const kept = [...silenced].filter((key) => waiting.has(key));
  return kept.length === silenced.size ? silenced : new Set(kept);
}

export const waitingLoud = (alarms: readonly Alarm[]): number => loud(alarms).length;
