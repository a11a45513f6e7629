/** Who sits here and what the API lets them do. */
import type { Session } from "../api/types";

export type Permission = "alarm.acknowledge" | "alarm.reset" | "alarm.shelve" | "alarm.out_of_service" | "permit.request" | "permit.approve";

export function may(session: Session | null, permission: Permission): boolean {
  return session !== null && session.permissions.includes(permission);
}

/** Where to go after the log-in: only into this console, never to another host. */
export function safeTarget(wanted: unknown): string {
  return typeof wanted === "string" && /^\/(?![/\\])/.test(wanted) && !wanted.startsWith("/login") ? wanted : "/alarms";
}
