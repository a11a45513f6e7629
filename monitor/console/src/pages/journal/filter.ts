/** What is looked for in the journal, as it stands in the address: a search can be sent to a colleague. */
import type { LocationQuery } from "vue-router";
import type { JournalQuery } from "../../api/client";

export const FIELDS = ["id", "tag", "hazard_source", "kind", "trigger", "state", "person", "text"] as const;
export type Field = (typeof FIELDS)[number];
export type Filter = Record<Field, string>;

/** What a transition has and other entries have not: with one of these, the kind says nothing more. */
const OF_TRANSITIONS: readonly Field[] = ["tag", "trigger", "state"];

export const nothing = (): Filter => ({ id: "", tag: "", hazard_source: "", kind: "", trigger: "", state: "", person: "", text: "" });

export function fromAddress(address: LocationQuery): Filter {
  const found = nothing();
  for (const field of FIELDS) {
    const value = address[field];
    if (typeof value === "string") found[field] = value.trim();
  }
  return found;
}

/** The fields that say something, without blanks around them. */
export function given(filter: Filter): Partial<Filter> {
  const wanted: Partial<Filter> = {};
  for (const field of FIELDS) {
    const value = filter[field].trim();
    if (value !== "") wanted[field] = value;
  }
  return wanted;
}

export const asked = (filter: Filter, span: Pick<JournalQuery, "from" | "to">): JournalQuery => ({ ...span, ...given(filter) });

/** How many fields beside the alarm id say something. */
export const further = (filter: Filter): number => Object.keys(given(filter)).filter((field) => field !== "id").length;

/** Whether no row can fit: a step or a state is looked for among entries that are no transitions. */
export const contradicts = (filter: Filter): boolean =>
  !["", "transition"].includes(filter.kind) && OF_TRANSITIONS.some((field) => filter[field].trim() !== "");
