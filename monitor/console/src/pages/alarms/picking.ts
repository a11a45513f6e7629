/** What is picked on the alarms page, for the rows, the bar above them and the folds. */
import { ref, watch } from "vue";
import type { Alarm } from "../../api/types";
import { alarms } from "../../state/live";
import { pickAll as all, type Picked, still, toggle } from "../../state/selection";

export const picked = ref<Picked>(new Set());

export function pick(alarm: Alarm): void {
  picked.value = toggle(picked.value, alarm);
}

export function pickAll(wanted: readonly Alarm[]): void {
  picked.value = all(wanted);
}

export function pickNone(): void {
  picked.value = new Set();
}

watch(alarms, (now) => {
  picked.value = still(picked.value, now);
});
