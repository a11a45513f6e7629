/** Where things stand on a drawn vessel: everything to scale, in drawing units from the top. */
import type { Equipment, Tag } from "../../api/types";

export interface Scale {
  readonly low: number;
  /** Value at the top of the vessel. */
  readonly top: number;
  /** Drawn height of the vessel. */
  readonly height: number;
}

/** The vessel's own height where level is in metres, else the gauge's range. */
export function scaleOf(equipment: Pick<Equipment, "height_m">, level: Pick<Tag, "low" | "high" | "eu">, height: number): Scale {
  const top = level.eu === "m" && equipment.height_m !== null ? Math.max(equipment.height_m, level.low + 1e-6) : level.high;
  return { low: level.eu === "m" ? Math.min(0, level.low) : level.low, top, height };
}

/** Distance from the top of the drawing; a value outside the vessel stays at its edge. */
export function yOf(scale: Scale, value: number): number {
  const share = (value - scale.low) / (scale.top - scale.low);
  return scale.height * (1 - Math.min(1, Math.max(0, share)));
}

/** Half the width of the vessel at this distance from the top. */
export function halfWidthAt(isSphere: boolean, scale: Scale, halfWidth: number, y: number): number {
  if (!isSphere) return halfWidth;
  const radius = scale.height / 2;
  const offset = Math.min(radius, Math.abs(y - radius));
  return Math.sqrt(radius * radius - offset * offset);
}

/** Push labels apart so that each can be read: same order, at least `gap` between neighbours, inside 0 .. `end`. */
export function spread(wanted: readonly number[], gap: number, end: number): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a]! - wanted[b]!);
  const placed = [...wanted];
  let floor = -Infinity;
  for (const index of order) {
    placed[index] = Math.max(wanted[index]!, floor + gap);
    floor = placed[index]!;
  }
  let ceiling = end + gap;
  for (const index of [...order].reverse()) {
    placed[index] = Math.min(placed[index]!, ceiling - gap);
    ceiling = placed[index]!;
  }
  return placed;
}
