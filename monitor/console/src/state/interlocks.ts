/** What an interlock's service means for colours, counts and order. */
import type { Interlock } from "../api/types";

export type Service = Interlock["service"];
/** Worst first: what nobody allowed, what outlived its permit, what is unknown. */
export const SERVICES: readonly Service[] = [
  "bypassed_unauthorised", "bypassed_overdue", "bypassed_authorised", "unknown", "restored_unchecked", "in_service",
];
const BYPASSED: ReadonlySet<Service> = new Set(["bypassed_unauthorised", "bypassed_overdue", "bypassed_authorised", "restored_unchecked"]);
const LOUD: ReadonlySet<string> = new Set(["failed_to_trip", "demand_while_bypassed", "tripped", "spurious_trip"]);

/** A barrier that is out; one that was restored and not checked counts as bypassed. */
export const isBypassed = (service: Service): boolean => BYPASSED.has(service);

/** What it did comes before how it stands; then the worst service. */
export function byUrgency(a: Interlock, b: Interlock): number {
  const loud = Number(LOUD.has(b.action)) - Number(LOUD.has(a.action));
  return loud || SERVICES.indexOf(a.service) - SERVICES.indexOf(b.service) || (a.id < b.id ? -1 : 1);
}
