/** What the request form holds, and what is sent of it. */
import type { PermitRequest } from "../../api/types";
import { fromWall } from "../../format";
import { measuresOf } from "../../state/permits";

export interface Wish {
  interlock: string;
  bits: string[];
  reason: string;
  risk: string;
  measures: string;
  later: boolean;
  /** Site wall time as the browser's field gives it: `2026-03-01T12:00`. */
  start: string;
  /** One of the quick choices; null means `until` was typed. */
  hours: number | null;
  until: string;
  checkEveryS: number | null;
}
export const HOURS = [2, 4, 8] as const;
export const CHECKS_S = [900, 1800, 3600, 7200] as const;
const HOUR_MS = 3_600_000;

export const noWish = (): Wish => ({ interlock: "", bits: [], reason: "", risk: "", measures: "", later: false, start: "", hours: 4, until: "", checkEveryS: 1800 });

/** What to send; null while something is missing.  A quick choice counts from the start. */
export function requestOf(wish: Wish, nowMs: number, timezone: string): PermitRequest | null {
  const start = wish.later ? fromWall(wish.start, timezone) : null;
  if (wish.later && start === null) return null;
  const beginMs = start === null ? nowMs : Date.parse(start);
  const until = wish.hours === null ? fromWall(wish.until, timezone) : new Date(beginMs + wish.hours * HOUR_MS).toISOString();
  const measures = measuresOf(wish.measures);
  const texts = [wish.interlock, wish.reason.trim(), wish.risk.trim()];
  if (until === null || Date.parse(until) <= beginMs || measures.length === 0 || wish.bits.length === 0 || texts.includes("")) return null;
  return { interlock: wish.interlock, bits: wish.bits, reason: wish.reason.trim(), risk: wish.risk.trim(), measures, start, until, check_every_s: wish.checkEveryS };
}
