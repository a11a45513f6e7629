/** Which tags are wanted: every word must be somewhere in id, description, address, equipment or unit. */
import type { Tag } from "../../api/types";

export interface Wanted {
  readonly text: string;
  readonly quality: "" | "not_good" | "alarms";
  readonly device: string;
  readonly source: string;
}

const haystacks = new WeakMap<Tag, string>();

function haystack(tag: Tag): string {
  let text = haystacks.get(tag);
  if (text === undefined) {
    text = [tag.id, tag.description.zh, tag.description.en, tag.address, tag.equipment, tag.process_unit].join("\n").toLowerCase();
    haystacks.set(tag, text);
  }
  return text;
}

/** Rows (indexes into `tags`) that fit; `quality` and `alarming` are asked as of now. */
export function fitting(tags: readonly Tag[], wanted: Wanted, quality: (row: number) => number, alarming: (tag: Tag) => boolean): number[] {
  const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
  const rows: number[] = [];
  tags.forEach((tag, row) => {
    if (wanted.device !== "" && tag.device !== wanted.device) return;
    if (wanted.source !== "" && tag.hazard_source !== wanted.source) return;
    if (wanted.quality === "not_good" && quality(row) === 0) return;
    if (wanted.quality === "alarms" && !alarming(tag)) return;
    if (words.some((word) => !haystack(tag).includes(word))) return;
    rows.push(row);
  });
  return rows;
}
