/** Which rows of a sheet stand in an order that nobody can know, in words that a person can check. */
import type { SequenceEvent } from "../../api/types";

export interface SheetRow {
  readonly event: SequenceEvent;
  /** Its place among its neighbours is not certain. */
  readonly tied: boolean;
  /** The first row of a run whose order is undecided. */
  readonly opens: boolean;
  /** Of that run. */
  readonly count: number;
  readonly withinMs: number;
}

/** Runs of rows of which each is undecided with the next ones become one bracket. */
export function bracketed(events: readonly SequenceEvent[]): SheetRow[] {
  const rows: SheetRow[] = [];
  let begin = 0;
  while (begin < events.length) {
    let end = begin;
    let withinMs = 0;
    for (let index = begin; index <= end && index < events.length; index += 1) {
      const event = events[index]!;
      if (event.undecided_with_next === 0) continue;
      end = Math.min(events.length - 1, Math.max(end, index + event.undecided_with_next));
      withinMs = Math.max(withinMs, event.undecided_within_ms);
    }
    const count = end - begin + 1;
    for (let index = begin; index <= end; index += 1) rows.push({ event: events[index]!, tied: count > 1, opens: count > 1 && index === begin, count, withinMs });
    begin = end + 1;
  }
  return rows;
}

/** 0.4 -> 0.4, 12.3 -> 12, 999.6 -> 1000: no more figures than the number is worth. */
export const milliseconds = (ms: number): string => (ms >= 10 ? String(Math.round(ms)) : String(Number(ms.toFixed(1))));
