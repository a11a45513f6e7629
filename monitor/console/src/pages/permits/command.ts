/** Steps of permits: sent once, what the service says shown as it comes, the answer in the book at once. */
import { reactive } from "vue";
import { api } from "../../api/client";
import type { Permit } from "../../api/types";
import { takePermit } from "../../state/live";
import type { Step } from "../../state/permits";
import { words } from "../alarms/command";

interface StepState {
  busy: boolean;
  refusal: string;
}
const states = reactive(new Map<string, StepState>());

export const stepState = (permit: string): Readonly<StepState> => states.get(permit) ?? { busy: false, refusal: "" };

/** The permit after the step, null where it was refused. */
export async function take(permit: Permit, step: Step, comment: string, passed = false): Promise<Permit | null> {
  if (stepState(permit.id).busy) return null;
  states.set(permit.id, { busy: true, refusal: "" });
  try {
    const after = step === "check-function" ? await api.checkFunction(permit.id, passed, comment) : await api.stepPermit(permit.id, step, comment);
    takePermit(after);
    states.delete(permit.id);
    return after;
  } catch (error) {
    states.set(permit.id, { busy: false, refusal: words(error) });
    return null;
  }
}
