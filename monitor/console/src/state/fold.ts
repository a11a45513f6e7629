/** A flooded list, folded: what must never hide stays above, the rest stands under what it belongs to. */
import type { Alarm, Flood, FloodBoard, FloodFold, FloodState } from "../api/types";
import { compare, needsAcknowledge } from "./alarms";

export interface Fold {
  readonly key: string;
  readonly fold: FloodFold;
  /** Those that still stand, in the order in which they came. */
  readonly alarms: readonly Alarm[];
  readonly priority: number;
  readonly unacknowledged: number;
}

export interface Folded {
  /** Life safety, interlocks, and what came after the folds were made. */
  readonly above: readonly Alarm[];
  /** Most urgent first; one that holds a single alarm is shown as that alarm. */
  readonly folds: readonly Fold[];
}

/** Put the alarms that are shown under the folds of their positions. */
export function folded(alarms: readonly Alarm[], floods: readonly Flood[]): Folded {
  const left = new Map(alarms.map((alarm) => [alarm.id, alarm]));
  const above: Alarm[] = [];
  const take = (ids: readonly string[]): Alarm[] =>
    ids.flatMap((id) => {
      const alarm = left.get(id);
      left.delete(id);
      return alarm ? [alarm] : [];
    });
  for (const flood of floods) above.push(...take(flood.pinned));
  const folds: Fold[] = [];
  for (const flood of floods) {
    for (const fold of flood.folds) {
      const members = take(fold.alarms);
      if (members.length > 0) folds.push(foldOf(flood.position, fold, members));
    }
  }
  return { above: [...above, ...left.values()].sort(compare), folds: folds.sort((a, b) => a.priority - b.priority) };
}

function foldOf(position: string, fold: FloodFold, alarms: readonly Alarm[]): Fold {
  return {
    key: `${position}|${fold.by}|${fold.key}`,
    fold,
    alarms,
    priority: Math.min(...alarms.map((alarm) => alarm.priority)),
    unacknowledged: alarms.filter(needsAcknowledge).length,
  };
}

/** Floods of the positions that are looked at. */
export function floodsOf(board: FloodBoard | null, wanted: ReadonlySet<string> | null): Flood[] {
  return (board?.positions ?? []).filter((flood) => wanted === null || wanted.has(flood.position));
}

/** Positions that are flooded now, the fullest first. */
export function flooded(states: readonly FloodState[], wanted: ReadonlySet<string> | null): FloodState[] {
  return states.filter((one) => one.in_flood && (wanted === null || wanted.has(one.position))).sort((a, b) => b.count - a.count);
}
