/** What this browser remembers of how a person likes to see: theme, wall size, and whose alarms. */
import { ref, watch, watchEffect } from "vue";
import { type Area, MINE } from "./positions";

export type Theme = "dark" | "light";
const THEME = "redline.theme";
const WALL = "redline.wall";
const AREA = "redline.area";

function keptTheme(): Theme {
  const value = localStorage.getItem(THEME);
  if (value === "dark" || value === "light") return value;
  return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export const theme = ref<Theme>(keptTheme());
export const wall = ref(localStorage.getItem(WALL) === "on");

/** Whose alarms the list shows; one who sits nowhere sees all of them. */
export const area = ref<Area>(localStorage.getItem(AREA) ?? MINE);
watch(area, (now) => localStorage.setItem(AREA, now));

export function turnTheme(): void {
  theme.value = theme.value === "dark" ? "light" : "dark";
  localStorage.setItem(THEME, theme.value);
}

export function turnWall(): void {
  wall.value = !wall.value;
  localStorage.setItem(WALL, wall.value ? "on" : "off");
}

/** Show the preferences on the root element, now and whenever they change. */
export function applyPreferences(): void {
  watchEffect(() => {
    document.documentElement.dataset["theme"] = theme.value;
    document.documentElement.dataset["wall"] = wall.value ? "on" : "off";
  });
}
