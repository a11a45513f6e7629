/** Commands to alarms: one at a time per alarm, and who won when somebody was first. */
import { reactive } from "vue";
import { api, RefusedError, type RemovalWish } from "../../api/client";
import type { Alarm, GroupAnswer } from "../../api/types";
import { time } from "../../format";
import { say } from "../../i18n";
import { occurrenceKey } from "../../state/alarms";
import { refreshSoon, serverMs, takeAnswer, timezone } from "../../state/live";
import { pieces, refused } from "../../state/selection";

const REFUSAL_SHOWN_MS = 9_000;

interface CommandState {
  busy: boolean;
  refusal: string;
}

/** The API speaks UTC; people read the site's clock. */
export function inSiteTime(text: string): string {
  return text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (moment) => time(moment, timezone.value, serverMs.value));
}

/** What a failed request says to a person. */
export const words = (error: unknown): string => inSiteTime(error instanceof RefusedError ? say(error.text) : String(error));

const states = reactive(new Map<string, CommandState>());

export function commandState(alarm: Pick<Alarm, "id" | "occurrence">): Readonly<CommandState> {
  return states.get(occurrenceKey(alarm)) ?? { busy: false, refusal: "" };
}

function refuse(key: string, refusal: string): void {
  states.set(key, { busy: false, refusal });
  window.setTimeout(() => {
    if (states.get(key)?.refusal === refusal) states.delete(key);
  }, REFUSAL_SHOWN_MS);
}

/** Answers whether it was done. */
async function command(alarm: Pick<Alarm, "id" | "occurrence">, send: () => Promise<Alarm>): Promise<boolean> {
  const key = occurrenceKey(alarm);
  if (states.get(key)?.busy) return false;
  states.set(key, { busy: true, refusal: "" });
  try {
    takeAnswer(await send());
    states.delete(key);
    refreshSoon();
    return true;
  } catch (error) {
    refuse(key, words(error));
    return false;
  }
}

export const acknowledge = (alarm: Alarm, comment = ""): Promise<boolean> => command(alarm, () => api.acknowledge(alarm.id, alarm.occurrence, comment));
export const reset = (alarm: Alarm, comment = ""): Promise<boolean> => command(alarm, () => api.reset(alarm.id, alarm.occurrence, comment));
export const shelve = (alarm: Alarm, reason: string, durationS: number): Promise<boolean> => command(alarm, () => api.shelve(alarm.id, alarm.occurrence, reason, durationS));
export const unshelve = (alarm: Alarm, comment = ""): Promise<boolean> => command(alarm, () => api.unshelve(alarm.id, comment));
export const removeFromService = (alarm: Alarm, wish: RemovalWish): Promise<boolean> => command(alarm, () => api.removeFromService(alarm.id, alarm.occurrence, wish));
export const returnToService = (alarm: Alarm, comment = ""): Promise<boolean> => command(alarm, () => api.returnToService(alarm.id, comment));

export interface GroupOutcome {
  readonly done: number;
  readonly refused: readonly GroupAnswer[];
  /** Why the whole request failed; empty when it was answered. */
  readonly failure: string;
}

/** Acknowledge many with one click; each refusal stands in its row. */
export async function acknowledgeGroup(alarms: readonly Alarm[], comment: string): Promise<GroupOutcome> {
  const answers: GroupAnswer[] = [];
  let failure = "";
  try {
    for (const piece of pieces(alarms.map(({ id, occurrence }) => ({ id, occurrence })))) answers.push(...(await api.acknowledgeGroup(piece, comment)));
  } catch (error) {
    failure = words(error);
  }
  for (const answer of answers) {
    if (answer.alarm !== null) takeAnswer(answer.alarm);
    if (!answer.acknowledged) refuse(occurrenceKey(answer), inSiteTime(say(answer.reason)));
  }
  const not = refused(answers);
  return { done: answers.length - not.length, refused: not, failure };
}
