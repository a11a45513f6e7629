/** What the tab itself tells when the console is behind other windows: title, mark, and the alarm tone. */
import { computed, ref, watch, watchEffect } from "vue";
import { api } from "./api/client";
import { language, say, t } from "./i18n";
import { keep, silence, type Silenced, sounding, waitingLoud } from "./state/horn";
import { alarms, freshness, horns, session, totals } from "./state/live";
import { markName } from "./state/mark";
import { audible } from "./state/positions";
import { Tone } from "./tone";

const silenced = ref<Silenced>(new Set());

/** Horns of the positions where this person sits; null while the service tells of none. */
export const myHorns = computed(() => (horns.value.size === 0 ? null : audible(horns.value, session.value)));
export const hornPriority = computed(() => (session.value === null ? null : sounding(alarms.value, silenced.value, myHorns.value)));
export const silencedCount = computed(() => (hornPriority.value === null ? Math.min(silenced.value.size, waitingLoud(alarms.value)) : 0));
export const hornBlocked = ref(false);
const tone = new Tone((works) => (hornBlocked.value = !works));

/** Quiet here at once, whatever the network does; and at every console of the positions where this person sits. */
export function silenceHorn(): void {
  silenced.value = silence(alarms.value);
  const seats = session.value?.positions ?? [];
  for (const horn of myHorns.value ?? []) {
    if (horn.sounding && seats.includes(horn.position)) void api.silence(horn.position).catch(() => undefined); // the others still sound, and say so
  }
}

/** A click anywhere lets the browser sound; the tone starts by itself then. */
export async function unblockHorn(): Promise<void> {
  hornBlocked.value = !(await tone.unblock());
}

export function startShell(): void {
  watch(alarms, (now) => {
    silenced.value = keep(silenced.value, now);
  });
  watchEffect(() => {
    tone.play(hornPriority.value);
  });
  watchEffect(() => {
    if (session.value !== null) void tone.check().then((works) => (hornBlocked.value = !works));
  });
  document.addEventListener("pointerdown", () => void unblockHorn(), { passive: true });
  document.addEventListener("keydown", () => void unblockHorn(), { passive: true });
  watchEffect(() => {
    const count = totals.value.unacknowledged;
    const lost = session.value !== null && freshness.value === "lost";
    const site = session.value === null ? "" : ` · ${say(session.value.site)}`;
    document.title = `${lost ? "(?) " : count > 0 ? `(${count}) ` : ""}${t("app.name")}${site}`;
    document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
    const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    const mark = `/favicon/${markName(totals.value.unacknowledgedBy, lost)}.svg`;
    if (icon && icon.getAttribute("href") !== mark) icon.setAttribute("href", mark);
  });
}
