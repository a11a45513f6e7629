/** The alarms as the stream tells them: pure functions over frozen states, tested without a browser. */
import type { Alarm, StreamAlarm, StreamAlarms } from "../api/types";

export interface AlarmsState {
  readonly epoch: string;
  /** Last journal row taken in; events at or below it are already here. */
  readonly seq: number;
  readonly byId: ReadonlyMap<string, Alarm>;
}

export const NO_ALARMS: AlarmsState = { epoch: "", seq: -1, byId: new Map() };

const NEEDS_ACKNOWLEDGE = new Set(["unacknowledged", "returned_unacknowledged", "latched_unacknowledged"]);

export function takeAll(message: StreamAlarms): AlarmsState {
  return { epoch: message.epoch, seq: message.seq, byId: new Map(message.alarms.map((alarm) => [alarm.id, alarm])) };
}

export function takeEvent(state: AlarmsState, message: StreamAlarm): AlarmsState {
  if (message.epoch !== state.epoch || message.seq <= state.seq) return state;
  return { ...state, seq: message.seq, byId: put(state.byId, message.alarm) };
}

/** The answer of a command; the stream brings the same alarm again, with its journal row. */
export function takeAnswer(state: AlarmsState, alarm: Alarm): AlarmsState {
  const known = state.byId.get(alarm.id);
  if (known && isNewer(known, alarm)) return state;
  return { ...state, byId: put(state.byId, alarm) };
}

export function isNewer(known: Alarm, other: Alarm): boolean {
  return known.occurrence > other.occurrence || (known.occurrence === other.occurrence && known.transition > other.transition);
}

function put(byId: ReadonlyMap<string, Alarm>, alarm: Alarm): ReadonlyMap<string, Alarm> {
  const next = new Map(byId);
  if (alarm.underlying_state === "normal" && alarm.suppressions.length === 0) next.delete(alarm.id);
  else next.set(alarm.id, alarm);
  return next;
}

export const isSuppressed = (alarm: Alarm): boolean => alarm.suppressions.length > 0;
export const needsAcknowledge = (alarm: Alarm): boolean => !isSuppressed(alarm) && NEEDS_ACKNOWLEDGE.has(alarm.underlying_state);
export const canReset = (alarm: Alarm): boolean => alarm.underlying_state === "latched_acknowledged";
/** The condition is gone but the alarm still stands. */
export const isReturned = (alarm: Alarm): boolean => alarm.underlying_state.startsWith("returned") || alarm.underlying_state.startsWith("latched");

/** Names one occurrence: what a silence or a comment belongs to. */
export const occurrenceKey = (alarm: Pick<Alarm, "id" | "occurrence">): string => `${alarm.id}#${alarm.occurrence}`;

/** By priority, what stands before what has returned, then newest first, then id: an acknowledgement never moves a row. */
export function compare(a: Alarm, b: Alarm): number {
  if (isSuppressed(a) !== isSuppressed(b)) return isSuppressed(a) ? 1 : -1;
  if (a.priority !== b.priority) return a.priority - b.priority;
  if (isReturned(a) !== isReturned(b)) return isReturned(a) ? 1 : -1;
  const [left, right] = [a.raised_at ?? "", b.raised_at ?? ""];
  if (left !== right) return left < right ? 1 : -1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

export function sorted(state: AlarmsState): Alarm[] {
  return [...state.byId.values()].sort(compare);
}

export interface Totals {
  readonly active: number;
  readonly unacknowledged: number;
  readonly suppressed: number;
  /** Index 1 to 4. */
  readonly activeBy: readonly number[];
  readonly unacknowledgedBy: readonly number[];
}

export function totals(alarms: readonly Alarm[]): Totals {
  const activeBy = [0, 0, 0, 0, 0];
  const unacknowledgedBy = [0, 0, 0, 0, 0];
  let suppressed = 0;
  for (const alarm of alarms) {
    if (isSuppressed(alarm)) {
      suppressed += 1;
      continue;
    }
    activeBy[alarm.priority] = (activeBy[alarm.priority] ?? 0) + 1;
    if (needsAcknowledge(alarm)) unacknowledgedBy[alarm.priority] = (unacknowledgedBy[alarm.priority] ?? 0) + 1;
  }
  const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0);
  return { active: sum(activeBy), unacknowledged: sum(unacknowledgedBy), suppressed, activeBy, unacknowledgedBy };
}

export function mostUrgent(alarms: readonly Alarm[], count: number): Alarm[] {
  return alarms.filter(needsAcknowledge).slice(0, count);
}

/** Worst thing standing on one tag or equipment, for colouring what is drawn; null = calm. */
export function worst(alarms: readonly Alarm[]): Alarm | null {
  return alarms.filter((alarm) => !isSuppressed(alarm)).reduce<Alarm | null>((found, alarm) => (found && compare(found, alarm) <= 0 ? found : alarm), null);
}
