/** When the horn sounds: an unacknowledged alarm of priority 1 or 2 that nobody has silenced. */
import type { Alarm } from "../api/types";
import { needsAcknowledge, occurrenceKey } from "./alarms";

export type Silenced = ReadonlySet<string>;

const LOUD = 2;

function loud(alarms: readonly Alarm[]): Alarm[] {
  return alarms.filter((alarm) => alarm.priority <= LOUD && needsAcknowledge(alarm));
}

/** The priority to sound, or null for quiet. */
export function sounding(alarms: readonly Alarm[], silenced: Silenced): 1 | 2 | null {
  const waiting = loud(alarms).filter((alarm) => !silenced.has(occurrenceKey(alarm)));
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
