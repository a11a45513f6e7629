/** Acknowledge and reset: one at a time per alarm, and who won when somebody was first. */
import { reactive } from "vue";
import { api, RefusedError } from "../../api/client";
import type { Alarm } from "../../api/types";
import { time } from "../../format";
import { say } from "../../i18n";
import { occurrenceKey } from "../../state/alarms";
import { serverMs, takeAnswer, timezone } from "../../state/live";

const REFUSAL_SHOWN_MS = 9_000;

interface CommandState {
  busy: boolean;
  refusal: string;
}

/** The API speaks UTC; people read the site's clock. */
function inSiteTime(text: string): string {
  return text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (moment) => time(moment, timezone.value, serverMs.value));
}

const states = reactive(new Map<string, CommandState>());

export function commandState(alarm: Alarm): Readonly<CommandState> {
  return states.get(occurrenceKey(alarm)) ?? { busy: false, refusal: "" };
}

async function command(alarm: Alarm, send: typeof api.acknowledge, comment: string): Promise<void> {
  const key = occurrenceKey(alarm);
  if (states.get(key)?.busy) return;
  states.set(key, { busy: true, refusal: "" });
  try {
    takeAnswer(await send(alarm.id, alarm.occurrence, comment));
    states.delete(key);
  } catch (error) {
    const refusal = inSiteTime(error instanceof RefusedError ? say(error.text) : String(error));
    states.set(key, { busy: false, refusal });
    window.setTimeout(() => {
      if (states.get(key)?.refusal === refusal) states.delete(key);
    }, REFUSAL_SHOWN_MS);
  }
}

export const acknowledge = (alarm: Alarm, comment = ""): Promise<void> => command(alarm, api.acknowledge, comment);
export const reset = (alarm: Alarm, comment = ""): Promise<void> => command(alarm, api.reset, comment);
