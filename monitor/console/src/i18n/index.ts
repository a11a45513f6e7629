/** Which language the screen speaks: the site's until a person switches, then theirs (kept in this browser). */
import { ref } from "vue";
import type { Text } from "../api/types";
import type { Language } from "../format";
import { en } from "./en";
import { fill, type Values } from "./fill";
import { type Key, type Messages, zh } from "./zh";

const MESSAGES: Record<Language, Messages> = { zh, en };
const KEPT = "redline.language";

function kept(): Language | null {
  const value = localStorage.getItem(KEPT);
  return value === "zh" || value === "en" ? value : null;
}

export const language = ref<Language>(kept() ?? "zh");

export function speak(wanted: Language): void {
  language.value = wanted;
  localStorage.setItem(KEPT, wanted);
}

/** The site's language, unless this browser was told another. */
export function speakSite(wanted: Language): void {
  if (kept() === null) language.value = wanted;
}

export function t(key: Key, values: Values = {}): string {
  return fill(MESSAGES[language.value][key], values);
}

/** A word whose key is made of data (a state, a kind); the data itself where we have no word for it. */
export function word(group: string, name: string): string {
  return (MESSAGES[language.value] as Record<string, string>)[`${group}.${name}`] ?? name;
}

/** Every word of a group, by name: what a person may choose from. */
export function wordsOf(group: string): (readonly [string, string])[] {
  const prefix = `${group}.`;
  return Object.entries(MESSAGES[language.value])
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, text]) => [key.slice(prefix.length), text] as const);
}

/** One of a pair of texts; the other one where this one is empty. */
export function say(text: Text | null | undefined): string {
  if (!text) return "";
  const [first, second] = language.value === "zh" ? [text.zh, text.en] : [text.en, text.zh];
  return first || second;
}

/** Several names as the language lists them. */
export function listed(names: readonly string[]): string {
  return names.join(language.value === "zh" ? "、" : ", ");
}

export type { Key, Language };
