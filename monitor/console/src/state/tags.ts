/** Values as columns in the order of GET /tags.  A frame is written into the columns in place: 10 000 rows, five times a second. */
import type { Quality, StreamTags } from "../api/types";

export const QUALITIES: readonly Quality[] = ["good", "uncertain", "bad", "stale", "never_seen"];
export const FIRST_UNUSABLE = 2;
const NEVER_SEEN = 4;

export interface TagColumns {
  epoch: string;
  frame: number;
  readonly ids: readonly string[];
  readonly rowOf: ReadonlyMap<string, number>;
  readonly value: (number | null)[];
  readonly quality: number[];
  readonly sourceMs: (number | null)[];
  readonly receivedMs: (number | null)[];
}

export function columns(ids: readonly string[]): TagColumns {
  const count = ids.length;
  return {
    epoch: "",
    frame: -1,
    ids,
    rowOf: new Map(ids.map((id, row) => [id, row])),
    value: new Array<number | null>(count).fill(null),
    quality: new Array<number>(count).fill(NEVER_SEEN),
    sourceMs: new Array<number | null>(count).fill(null),
    receivedMs: new Array<number | null>(count).fill(null),
  };
}

/** What a frame meant: taken in, a gap (ask for a snapshot), or another run of the service (load the lists again). */
export type Outcome = "taken" | "gap" | "epoch";

export function takeFrame(tags: TagColumns, frame: StreamTags): Outcome {
  if (tags.epoch !== "" && frame.epoch !== tags.epoch) return "epoch";
  if (frame.type === "tags" && (tags.epoch === "" || frame.prev !== tags.frame)) return "gap";
  if (frame.row.some((row) => row < 0 || row >= tags.ids.length)) return "epoch"; // another tag list than ours
  tags.epoch = frame.epoch;
  tags.frame = frame.frame;
  frame.row.forEach((row, index) => {
    tags.value[row] = frame.value[index] ?? null;
    tags.quality[row] = frame.quality[index] ?? NEVER_SEEN;
    tags.sourceMs[row] = frame.source_time_ms[index] ?? null;
    tags.receivedMs[row] = frame.received_ms[index] || null;
  });
  return "taken";
}

export interface Reading {
  readonly value: number | null;
  readonly quality: number;
  /** May be shown as normal: it was read, and it may be believed. */
  readonly usable: boolean;
  /** No snapshot came yet: nothing is known, not even that it is blind. */
  readonly waiting: boolean;
  readonly sourceMs: number | null;
  readonly receivedMs: number | null;
}

const NOTHING: Reading = { value: null, quality: NEVER_SEEN, usable: false, waiting: false, sourceMs: null, receivedMs: null };

export function reading(tags: TagColumns, id: string | null | undefined): Reading {
  const row = id == null ? undefined : tags.rowOf.get(id);
  if (row === undefined) return tags.epoch === "" ? { ...NOTHING, waiting: true } : NOTHING;
  const value = tags.value[row] ?? null;
  const quality = tags.quality[row] ?? NEVER_SEEN;
  return {
    value,
    quality,
    usable: quality < FIRST_UNUSABLE && value !== null,
    waiting: tags.epoch === "",
    sourceMs: tags.sourceMs[row] ?? null,
    receivedMs: tags.receivedMs[row] ?? null,
  };
}
