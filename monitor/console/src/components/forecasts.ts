/** Forecasts asked for again and again while a component is on the screen. */
import { shallowRef, watch, type ShallowRef } from "vue";
import { api } from "../api/client";
import type { Forecast } from "../api/types";
import { unheard } from "../state/forecasts";
import { regularly } from "../state/regularly";

const REFRESH_MS = 3_000;

/** Those of one tag, or of all where there is none; what can no longer be asked for is not known any more. */
export function useForecasts(tag: () => string | null): Readonly<ShallowRef<readonly Forecast[]>> {
  const found = shallowRef<readonly Forecast[]>([]);

  async function load(): Promise<void> {
    const asked = tag();
    const answer = await api.forecasts(asked).catch(() => null);
    if (asked === tag()) found.value = answer ?? found.value.map(unheard);
  }

  watch(tag, () => {
    found.value = [];
    void load();
  });
  regularly(load, REFRESH_MS);
  return found;
}
