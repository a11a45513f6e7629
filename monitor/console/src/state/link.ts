/** How old is what the screen shows.  Counts on the browser's monotonic clock from the last heartbeat, never on its wall clock. */
import type { ServiceStatus, StreamTags } from "../api/types";

/** Older than this, and the whole frame says so. */
export const LOST_AFTER_MS = 3_000;

export interface LinkState {
  readonly connected: boolean;
  /** Browser's monotonic time of the last tag frame; null before the first. */
  readonly heardMs: number | null;
  /** Age of the scan when that frame was sent. */
  readonly scanAgeMs: number;
  /** Server's wall clock minus the browser's monotonic clock. */
  readonly serverOffsetMs: number | null;
  readonly status: ServiceStatus;
  readonly devicesUp: number;
  readonly devices: number;
  readonly blindPoints: number;
}

export const NO_LINK: LinkState = {
  connected: false,
  heardMs: null,
  scanAgeMs: 0,
  serverOffsetMs: null,
  status: "ok",
  devicesUp: 0,
  devices: 0,
  blindPoints: 0,
};

export function heard(link: LinkState, frame: StreamTags, nowMs: number): LinkState {
  return {
    connected: link.connected,
    heardMs: nowMs,
    scanAgeMs: frame.scan_age_ms,
    serverOffsetMs: Date.parse(frame.at) - nowMs,
    status: frame.status,
    devicesUp: frame.devices_up,
    devices: frame.devices,
    blindPoints: frame.blind_points,
  };
}

export const opened = (link: LinkState): LinkState => ({ ...link, connected: true });
export const closed = (link: LinkState): LinkState => ({ ...link, connected: false });

/** Age of the data in ms: silence of the stream plus the age the scan already had; null before the first frame. */
export function ageMs(link: LinkState, nowMs: number): number | null {
  return link.heardMs === null ? null : Math.max(0, nowMs - link.heardMs) + link.scanAgeMs;
}

export type Freshness = "waiting" | "live" | "late" | "lost";

/** `startedMs`: when this screen began to wait for its first frame. */
export function freshness(link: LinkState, nowMs: number, startedMs: number): Freshness {
  const age = ageMs(link, nowMs);
  if (age === null) return nowMs - startedMs > LOST_AFTER_MS ? "lost" : "waiting";
  if (age > LOST_AFTER_MS) return "lost";
  return link.status === "late" ? "late" : "live";
}

/** Server's wall clock now, in unix ms; null before it was told. */
export function serverNowMs(link: LinkState, nowMs: number): number | null {
  return link.serverOffsetMs === null ? null : link.serverOffsetMs + nowMs;
}
