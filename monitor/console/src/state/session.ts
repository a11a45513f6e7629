/** Who sits here and what the API lets them do. */
import type { Session } from "../api/types";

export type Permission = "acknowledge" | "reset";

/** Permissions are data; a role that may do everything carries `*`.  `alarms.acknowledge` and `acknowledge` name the same thing. */
export function may(session: Session | null, permission: Permission): boolean {
  if (session === null) return false;
  return session.permissions.some((given) => given === "*" || given === permission || given.split(/[.:]/).pop() === permission);
}

/** Where to go after the log-in: only into this console, never to another host. */
export function safeTarget(wanted: unknown): string {
  return typeof wanted === "string" && /^\/(?![/\\])/.test(wanted) && !wanted.startsWith("/login") ? wanted : "/alarms";
}
