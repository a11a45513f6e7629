/** What is drawn of one vessel now, put together from its tags, alarms and interlocks. */
import type { Alarm, Equipment, Interlock, Tag } from "../../api/types";
import { minutesTo } from "../../state/rate";
import type { Reading } from "../../state/tags";

export type SwitchState = "normal" | "tripped" | "unknown" | "none";

export interface Tank {
  readonly equipment: Equipment;
  readonly level: Tag;
  readonly alarms: readonly Alarm[];
  readonly interlocks: readonly Interlock[];
}

/** Vessels: equipment with a level that is measured. */
export function tanksOf(
  equipment: readonly Equipment[],
  tags: ReadonlyMap<string, Tag>,
  alarms: readonly Alarm[],
  interlocks: readonly Interlock[],
): Tank[] {
  return equipment.flatMap((one) => {
    const level = one.level_tag === null ? undefined : tags.get(one.level_tag);
    if (!level) return [];
    const isMine = (id: string | null): boolean => id !== null && (tags.get(id)?.equipment === one.id || tagsOf(one).includes(id));
    return [
      {
        equipment: one,
        level,
        alarms: alarms.filter((alarm) => alarm.equipment === one.id || isMine(alarm.tag)),
        interlocks: interlocks.filter((interlock) => [...interlock.causes, ...interlock.effects].some(isMine)),
      },
    ];
  });
}

/** Something is wrong, bypassed, or cannot be seen: what is unknown never counts as healthy. */
export function isAbnormal(tank: Tank, read: (tag: string) => Reading): boolean {
  return tank.alarms.length > 0 || tank.interlocks.some((one) => one.service !== "in_service") || tagsOf(tank.equipment).some((tag) => !read(tag).usable);
}

function tagsOf(equipment: Equipment): string[] {
  return Object.entries(equipment)
    .filter(([key, value]) => key.endsWith("_tag") && typeof value === "string")
    .map(([, value]) => value as string);
}

/** An independent switch against its normal state; without one stated, 1 means tripped. */
export function switchState(tag: Tag | undefined, reading: Reading): SwitchState {
  if (!tag) return "none";
  if (!reading.usable || reading.value === null) return "unknown";
  return Math.round(reading.value) === (tag.normal_state ?? 0) ? "normal" : "tripped";
}

/** Height of the independent switch: the trip point of the interlock it causes; else where the vessel overflows; else unknown. */
export function switchHeight(tank: Tank): number | null {
  const id = tank.equipment.level_switch_tag;
  const trip = tank.interlocks.find((interlock) => id !== null && interlock.causes.includes(id) && interlock.trip_point !== null && interlock.trip_eu === tank.level.eu);
  return trip?.trip_point ?? (tank.level.eu === "m" ? tank.equipment.overflow_height_m : null);
}

/** Minutes to HH while filling, told only while it is near enough to matter. */
export function minutesToHighHigh(tank: Tank, value: number | null, rate: number | null): number | null {
  const LONGEST = 8 * 60;
  const minutes = value === null ? null : minutesTo(value, tank.level.limits.hh, rate);
  return minutes !== null && minutes <= LONGEST ? minutes : null;
}

/** Slower than a hundredth of the instrument's range in an hour is standing still. */
export function isMoving(tank: Tank, rate: number | null): boolean {
  return rate !== null && Math.abs(rate) >= (tank.level.high - tank.level.low) / 200;
}

export interface Worker {
  readonly equipment: Equipment;
  readonly run: Tag | undefined;
  readonly faults: readonly Tag[];
}

/** Pumps and the like: a state tag that may be either way, and tags that ought to stay normal. */
export function workersOf(equipment: readonly Equipment[], tags: readonly Tag[]): Worker[] {
  const byEquipment = new Map<string, Tag[]>();
  for (const tag of tags) if (tag.discrete && tag.equipment !== "") byEquipment.set(tag.equipment, [...(byEquipment.get(tag.equipment) ?? []), tag]);
  return equipment
    .filter((one) => one.kind === "pump" || one.kind === "compressor")
    .map((one) => {
      const own = byEquipment.get(one.id) ?? [];
      return { equipment: one, run: own.find((tag) => tag.normal_state === null), faults: own.filter((tag) => tag.normal_state !== null) };
    })
    .filter((worker) => worker.run !== undefined);
}
