/** Geometry and words of the figures page: plain SVG needs no chart library. */
import type { JudgedFigure, NuisanceAlarm } from "../../api/types";

/** Length of a bar in percent of `full`, never outside. */
export const percent = (value: number, full: number): number => (full <= 0 ? 0 : Math.min(100, Math.max(0, (100 * value) / full)));

/** Where a bullet ends: a little beyond the last mark or the value, whichever is farther. */
export function bulletEnd(figure: Pick<JudgedFigure, "value" | "acceptable" | "manageable">): number {
  const marks = [figure.value ?? 0, figure.acceptable ?? 0, figure.manageable ?? 0];
  return Math.max(...marks) * 1.15 || 1;
}

/** At most one figure behind the point, and none for large numbers. */
export const short = (value: number): string => (Math.abs(value) >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(Math.abs(value) >= 10 ? 1 : 2));

export interface Bar {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly count: number;
  readonly index: number;
}

/** Bars of a histogram in a field of `width` by `height`; a bar that counts one can be seen. */
export function bars(counts: readonly number[], width: number, height: number): Bar[] {
  if (counts.length === 0) return [];
  const full = top(counts);
  const step = width / counts.length;
  const gap = step > 6 ? 2 : step > 3 ? 1 : 0;
  return counts.map((count, index) => {
    const tall = count === 0 ? 0 : Math.max(2, (height * count) / full);
    return { x: index * step, y: height - tall, width: Math.max(1, step - gap), height: tall, count, index };
  });
}

/** Upper end of the axis: room for the target lines although the plant is calm. */
export const top = (counts: readonly number[], least = 15): number => Math.max(least, ...counts);

/** Worst first as the service sorted them, so many of them. */
export const worstOf = (alarms: readonly NuisanceAlarm[], most: number): readonly NuisanceAlarm[] => alarms.slice(0, most);
