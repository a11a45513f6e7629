/** Operator positions: whose alarm it is, who may answer it here, and whose horn this console sounds. */
import type { Alarm, Horn, Position, Session } from "../api/types";
import { may, type Permission } from "./session";

/** "mine": the positions this person sits at; "all": the whole plant; else the id of one position. */
export type Area = string;

export const MINE = "mine";
export const ALL = "all";

/** The positions that an area means; null: no limit.  Somebody who sits nowhere sees everything. */
export function positionsOf(area: Area, session: Session | null, positions: readonly Position[]): ReadonlySet<string> | null {
  if (area === MINE) {
    const mine = session?.positions ?? [];
    return mine.length === 0 ? null : new Set(mine);
  }
  return positions.some((one) => one.id === area) ? new Set([area]) : null;
}

/** An alarm that belongs to nobody is everybody's. */
export function isIn(alarm: Pick<Alarm, "position">, wanted: ReadonlySet<string> | null): boolean {
  return wanted === null || alarm.position == null || wanted.has(alarm.position);
}

/** Roles that answer only at their own positions; the service decides, this only explains ahead. */
const BOUND_ROLES = new Set(["operator"]);

export type Hindrance = "role" | "position";

/** Why this person may not give this command to this alarm; null when they may. */
export function hindrance(alarm: Pick<Alarm, "position">, session: Session | null, permission: Permission): Hindrance | null {
  if (!may(session, permission)) return "role";
  const owner = alarm.position;
  if (owner == null || session === null || !BOUND_ROLES.has(session.role) || session.positions?.includes(owner)) return null;
  return "position";
}

/** Horns that this console sounds: those of the positions where its person sits, all for one who sits nowhere. */
export function audible(horns: ReadonlyMap<string, Horn>, session: Session | null): Horn[] {
  const mine = session?.positions ?? [];
  const heard = [...horns.values()].filter((horn) => mine.includes(horn.position));
  return mine.length === 0 ? [...horns.values()] : heard;
}
