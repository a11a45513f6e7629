/** In which order people want to see protections, and which belong to an interlock. */
import type { Interlock, Protection } from "../../api/types";

/** Too few layers, not known yet, enough. */
const rank = (one: Protection): number => (one.short ? 0 : one.short === null ? 1 : 2);

/** Too few layers while something moves first, then what nobody knows, then what has the least to spare. */
export function byShortage(a: Protection, b: Protection): number {
  return rank(a) - rank(b) || a.available - a.required - (b.available - b.required) || (a.id < b.id ? -1 : 1);
}

/** Those of its equipment, and those that name it among what is missing. */
export function protectionsOf(interlock: Interlock, all: readonly Protection[]): Protection[] {
  return all
    .filter((one) => (interlock.equipment !== "" && one.equipment === interlock.equipment) || one.layers.some((layer) => layer.missing.includes(interlock.id)))
    .sort(byShortage);
}
