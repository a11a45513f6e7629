/** What this browser remembers of how a person likes to see: theme and wall size. */
import { ref, watchEffect } from "vue";

export type Theme = "dark" | "light";
const THEME = "redline.theme";
const WALL = "redline.wall";

function keptTheme(): Theme {
  const value = localStorage.getItem(THEME);
  if (value === "dark" || value === "light") return value;
  return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export const theme = ref<Theme>(keptTheme());
export const wall = ref(localStorage.getItem(WALL) === "on");

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
