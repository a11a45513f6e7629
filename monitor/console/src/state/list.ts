/** How the alarm list changes under a reader: nothing moves under the pointer, nothing disappears while it is read. */
import type { Alarm } from "../api/types";

export interface ShownRow {
  readonly alarm: Alarm;
  /** No longer active; kept in place until nobody reads, so that a click cannot land on its neighbour. */
  readonly gone: boolean;
}

/** The rows to show: `wanted` in its order, and, while somebody reads, those that have gone, where they were. */
export function arrange(shown: readonly ShownRow[], wanted: readonly Alarm[], reading: boolean): ShownRow[] {
  const next: ShownRow[] = wanted.map((alarm) => ({ alarm, gone: false }));
  if (!reading) return next;
  const present = new Set(wanted.map((alarm) => alarm.id));
  shown.forEach((row, index) => {
    if (present.has(row.alarm.id)) return;
    // behind the nearest row before it that is still there
    let at = 0;
    for (let before = index - 1; before >= 0; before -= 1) {
      const found = next.findIndex((other) => other.alarm.id === shown[before]!.alarm.id);
      if (found >= 0) {
        at = found + 1;
        break;
      }
    }
    next.splice(at, 0, { alarm: row.alarm, gone: true });
  });
  return next;
}

/** Rows above the first visible one that nobody has seen. */
export function newAbove(ids: readonly string[], seen: ReadonlySet<string>, firstVisible: number): number {
  let count = 0;
  for (let index = 0; index < Math.min(firstVisible, ids.length); index += 1) if (!seen.has(ids[index]!)) count += 1;
  return count;
}
