/** What a bypass permit allows next, to whom, and how the book is ordered. */
import type { PermitStep } from "../api/client";
import type { Permit, Session } from "../api/types";
import { may } from "./session";

export type PermitState = Permit["state"];
export type Step = PermitStep | "check-function";
/** As a permit goes through its life; those that nobody can change any more last. */
export const STATES: readonly PermitState[] = ["in_use", "restoring", "requested", "approved", "closed", "expired", "revoked", "refused", "withdrawn"];
export const OPEN_STATES: readonly PermitState[] = ["in_use", "restoring", "requested", "approved"];
const OPEN: ReadonlySet<PermitState> = new Set(OPEN_STATES);
const APPROVING = ["approve", "refuse"] as const;
/** State -> the steps a person can take there; the service decides in the end. */
const STEPS: Partial<Record<PermitState, readonly Step[]>> = {
  requested: [...APPROVING, "withdraw"],
  approved: ["withdraw", "revoke"],
  in_use: ["check-measures", "revoke"],
  restoring: ["check-function"],
};
/** Without words nobody knows later why. */
const NEEDS_WORDS: ReadonlySet<Step> = new Set(["refuse", "revoke", "check-measures", "check-function"]);

export const isOpen = (permit: Pick<Permit, "state">): boolean => OPEN.has(permit.state);
export const needsWords = (step: Step): boolean => NEEDS_WORDS.has(step);

/** Whether the person at this screen is the one who asked. */
const asked = (permit: Permit, session: Session): boolean => [session.name.zh, session.name.en, session.person, session.username].includes(permit.requested_by);

/** The steps that this person may take with this permit now. */
export function stepsFor(permit: Permit, session: Session | null): Step[] {
  if (session === null) return [];
  const allowed: Record<Step, boolean> = {
    approve: may(session, "permit.approve") && session.role === permit.next_role && !asked(permit, session),
    refuse: may(session, "permit.approve") && session.role === permit.next_role,
    revoke: may(session, "permit.approve") && permit.ladder.includes(session.role),
    withdraw: may(session, "permit.request") && asked(permit, session),
    "check-measures": may(session, "permit.request"),
    "check-function": may(session, "permit.request"),
  };
  return (STEPS[permit.state] ?? []).filter((step) => allowed[step]);
}

/** Overdue first, then what wants somebody, then the one that ends first; ended ones newest first. */
export function byUrgency(a: Permit, b: Permit): number {
  const overdue = Number(b.overdue) - Number(a.overdue);
  const state = Number(isOpen(b)) - Number(isOpen(a)) || (isOpen(a) ? STATES.indexOf(a.state) - STATES.indexOf(b.state) : 0);
  const end = isOpen(a) ? Date.parse(a.until) - Date.parse(b.until) : Date.parse(b.ended_at ?? b.until) - Date.parse(a.ended_at ?? a.until);
  return overdue || state || end || (a.id < b.id ? -1 : 1);
}

/** How much of its time has passed, %, at this moment; null while its clock does not run. */
export function passedPercent(permit: Permit, nowMs: number): number | null {
  if (permit.passed_percent === null) return null;
  const start = Date.parse(permit.start);
  const length = Date.parse(permit.until) - start;
  return length <= 0 ? 100 : Math.max(0, (100 * (nowMs - start)) / length);
}

/** The marks at which the service tells operator, shift leader and manager. */
export type Tone = "calm" | "half" | "late" | "over";
export const toneOf = (percent: number): Tone => (percent >= 100 ? "over" : percent >= 80 ? "late" : percent >= 50 ? "half" : "calm");

/** One measure for each line that says something. */
export const measuresOf = (text: string): string[] => text.split("\n").map((line) => line.trim()).filter((line) => line !== "");

/** Whether the next look at the measures should have been made already. */
export const isCheckLate = (permit: Permit, nowMs: number): boolean => permit.check_due !== null && Date.parse(permit.check_due) <= nowMs;
