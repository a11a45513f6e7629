/** The time left until a limit: which words say it, and how urgent it is. */
import type { Forecast } from "../api/types";
import { unit } from "../format";

export interface TimeLeft {
  readonly key: "forecast.reaches" | "forecast.soon" | "forecast.away" | "forecast.unknown";
  /** Whole minutes, never rounded up; null where the words need none. */
  readonly minutes: number | null;
  /** near: less is left than people need; unknown: nothing can be said. */
  readonly tone: "far" | "near" | "unknown";
}

export function timeLeft(one: Forecast): TimeLeft {
  if (!one.known) return { key: "forecast.unknown", minutes: null, tone: "unknown" };
  if (one.minutes === null) return { key: "forecast.away", minutes: null, tone: "far" };
  const tone = one.verdict === "true" || one.minutes <= one.required_min ? "near" : "far";
  return one.minutes < 1 ? { key: "forecast.soon", minutes: null, tone } : { key: "forecast.reaches", minutes: Math.floor(one.minutes), tone };
}

/** The same when nobody answers: nothing is known any more. */
export const unheard = (one: Forecast): Forecast => ({ ...one, known: false, minutes: null, trend_per_h: null });

/** The one to show where there is room for one: the nearest, else one that is not known; null where none is on its way. */
export function foremost(found: readonly Forecast[]): Forecast | null {
  const near = found.filter((one) => one.known && one.minutes !== null).sort((a, b) => (a.minutes ?? 0) - (b.minutes ?? 0));
  return near[0] ?? found.find((one) => !one.known) ?? null;
}

/** With its sign, as a trend is read; empty while it is not known. */
export function trend(one: Forecast): string {
  if (one.trend_per_h === null) return "";
  const shown = one.trend_per_h.toFixed(2);
  const sign = Number(shown) > 0 ? "+" : "";
  return `${Number(shown) === 0 ? "0.00" : sign + shown} ${unit(one.eu)}/h`;
}
