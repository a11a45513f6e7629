/** What one effect of an interlock did about a demand, from the API or from the journal. */
import type { EffectFeedback } from "../api/types";

export type Answer = NonNullable<EffectFeedback["answer"]>;
export const ANSWERS: readonly Answer[] = ["within", "late", "not_moved", "waiting", "unknown"];

/** How loud an answer is; what has not answered yet is quiet. */
export function answerTone(answer: Answer | null): "loud" | "blind" | "calm" {
  if (answer === "late" || answer === "not_moved") return "loud";
  return answer === "unknown" ? "blind" : "calm";
}

type Bag = Readonly<Record<string, unknown>>;
const bag = (value: unknown): Bag => (typeof value === "object" && value !== null ? (value as Bag) : {});

/** The effects in the detail of a change; what is of another shape is left out. */
export function effectsOf(detail: Bag): EffectFeedback[] {
  const told = detail["effects"];
  return (Array.isArray(told) ? told : []).map(bag).filter((one) => typeof one["tag"] === "string").map((one) => ({
    tag: String(one["tag"]),
    within_s: Number(one["within_s"]),
    answer: ANSWERS.find((answer) => answer === one["answer"]) ?? null,
    after_s: typeof one["after_s"] === "number" ? one["after_s"] : null,
    at_most: one["at_most"] === true,
    by_source_time: one["by_source_time"] === true,
  }));
}
