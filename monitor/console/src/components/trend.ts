/** What a trend draws, as plain functions: columns for uPlot, limits, the range of the value axis. */
import type { Limits, Tag, Trend } from "../api/types";

export type Columns = [number[], (number | null)[], (number | null)[], (number | null)[]];

export interface LimitLine {
  readonly name: string;
  readonly at: number;
}

export function limitLines(limits: Limits | undefined): LimitLine[] {
  if (!limits) return [];
  return (["hh", "h", "l", "ll"] as const).flatMap((name) => {
    const at = limits[name];
    return at == null ? [] : [{ name: name.toUpperCase(), at }];
  });
}

/** uPlot's columns: time, value, minimum, maximum.  A gap longer than three buckets is drawn as a gap, not as a line across. */
export function toColumns(trend: Trend): Columns {
  const [t, value, minimum, maximum]: Columns = [[], [], [], []];
  const steps = trend.t.slice(1).map((at, index) => at - trend.t[index]!);
  const usual = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  trend.t.forEach((at, index) => {
    const before = trend.t[index - 1];
    if (before !== undefined && usual > 0 && at - before > 3 * usual) {
      t.push(before + usual);
      for (const column of [value, minimum, maximum]) column.push(null);
    }
    t.push(at);
    value.push(trend.value[index] ?? null);
    minimum.push(trend.minimum[index] ?? trend.value[index] ?? null);
    maximum.push(trend.maximum[index] ?? trend.value[index] ?? null);
  });
  return [t, value, minimum, maximum];
}

/** Value axis: what was seen and every limit near it, with air; never thinner than a twentieth of the instrument's range. */
export function axisRange(columns: Columns, lines: readonly LimitLine[], tag: Pick<Tag, "low" | "high" | "discrete">): [number, number] {
  if (tag.discrete) return [-0.15, 1.15];
  const seen = [...columns[2], ...columns[3]].filter((value): value is number => value !== null);
  const span = Math.max(tag.high - tag.low, Number.EPSILON);
  if (seen.length === 0) return [tag.low, tag.high];
  let [low, high] = [Math.min(...seen), Math.max(...seen)];
  for (const { at } of lines) {
    if (Math.abs(at - high) < span * 0.35 || Math.abs(at - low) < span * 0.35) {
      low = Math.min(low, at);
      high = Math.max(high, at);
    }
  }
  const air = Math.max((high - low) * 0.08, span * 0.025);
  return [low - air, high + air];
}
