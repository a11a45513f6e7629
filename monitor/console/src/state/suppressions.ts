/** What logic of the plant keeps silent: the order in which people want to see it. */
import type { DesignSuppression, SuppressedAlarm, Suppression } from "../api/types";

const KINDS: readonly DesignSuppression["kind"][] = ["condition", "parent", "device", "eclipse"];

/** Those that hide something first, then what engineers wrote before what is generated. */
export function groupsInOrder(groups: readonly DesignSuppression[]): DesignSuppression[] {
  return [...groups].sort(
    (a, b) => b.true_below - a.true_below || KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || (a.id < b.id ? -1 : 1),
  );
}

/** Alarms that are TRUE first, then those that cannot be judged, each by priority. */
export function trueFirst(alarms: readonly SuppressedAlarm[]): SuppressedAlarm[] {
  const rank = (alarm: SuppressedAlarm): number => (alarm.is_true ? 0 : alarm.unknown ? 1 : 2);
  return [...alarms].sort((a, b) => rank(a) - rank(b) || a.priority - b.priority || (a.id < b.id ? -1 : 1));
}

/** A suppression that a group of the page tells of already. */
export const isOfThePlant = (why: Suppression): boolean => why.suppression === "by_design" && why.source !== "";

/** The reason in the language of the screen: what a person wrote exists once. */
export const reasonOf = (why: Suppression, language: string): string => (language === "en" && why.reason_en ? why.reason_en : why.reason);
