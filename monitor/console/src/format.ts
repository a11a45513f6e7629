/** Numbers at the resolution of the instrument, times in the site's zone by the server's clock, ages in words. */

export const DASH = "—";

/** Decimals that the instrument can show: 0.01 -> 2, 1 -> 0, 0.5 -> 1. */
export function decimals(resolution: number): number {
  if (!Number.isFinite(resolution) || resolution <= 0) return 2;
  // 0.30000000000000004 and its like must not ask for 17 decimals
  const digits = Math.ceil(-Math.log10(resolution) - 1e-9);
  return Math.min(6, Math.max(0, digits));
}

/** A value as the instrument would show it; a minus zero is a zero. */
export function number(value: number | null | undefined, resolution: number): string {
  if (value == null || !Number.isFinite(value)) return DASH;
  const text = value.toFixed(decimals(resolution));
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text;
}

/** A number that no instrument resolution is known of (a limit, a quantity): as few digits as say it. */
export function plain(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return DASH;
  return String(Number(value.toPrecision(6)));
}

/** A unit as people write it: the list of the plant folder is ASCII, the screen is not. */
export function unit(eu: string | null | undefined): string {
  return (eu ?? "").replace(/\b(N?m|mm)([23])(?=$|\/)/g, (_, name: string, power: string) => name + (power === "2" ? "²" : "³")).replace(/^u(?=[mS])/, "µ");
}

/** Hours between the site's clock and UTC at a moment: `UTC+8`, `UTC+5:30`. */
export function zone(ms: number, timezone: string): string {
  const shown = Date.parse(wall(ms, timezone).replace(" ", "T") + "Z");
  const minutes = Math.round((shown - Math.floor(ms / 1000) * 1000) / 60_000);
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `UTC${minutes < 0 ? "−" : "+"}${hours}${rest === 0 ? "" : `:${String(rest).padStart(2, "0")}`}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function parts(ms: number, timezone: string): Record<string, string> {
  let format = formats.get(timezone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone: timezone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
    });
    formats.set(timezone, format);
  }
  return Object.fromEntries(format.formatToParts(ms).map((part) => [part.type, part.value]));
}

const stamp = (at: string | number | null | undefined): number => (at == null ? NaN : typeof at === "number" ? at : Date.parse(at));

/** HH:MM:SS in site time, with the date (MM-DD, or the year too) when it is not the day of `nowMs`. */
export function time(at: string | number | null | undefined, timezone: string, nowMs: number): string {
  const ms = stamp(at);
  if (Number.isNaN(ms)) return DASH;
  const then = parts(ms, timezone);
  const now = parts(nowMs, timezone);
  const clock = `${then["hour"]}:${then["minute"]}:${then["second"]}`;
  const day = `${then["month"]}-${then["day"]}`;
  if (then["year"] !== now["year"]) return `${then["year"]}-${day} ${clock}`;
  return day === `${now["month"]}-${now["day"]}` ? clock : `${day} ${clock}`;
}

/** HH:MM:SS.mmm, always with the date: for the record. */
export function fullTime(at: string | number | null | undefined, timezone: string): string {
  const ms = stamp(at);
  if (Number.isNaN(ms)) return DASH;
  const then = parts(ms, timezone);
  const milliseconds = String(((Math.floor(ms) % 1000) + 1000) % 1000).padStart(3, "0");
  return `${then["year"]}-${then["month"]}-${then["day"]} ${then["hour"]}:${then["minute"]}:${then["second"]}.${milliseconds}`;
}

/** Site's wall time `YYYY-MM-DD HH:MM:SS` for a moment. */
export function wall(ms: number, timezone: string): string {
  return fullTime(ms, timezone).slice(0, 19);
}

/** The moment a site's wall time names (RFC 3339 UTC); null where it is no time.  In a repeated hour the first is meant. */
export function fromWall(text: string, timezone: string): string | null {
  const naive = Date.parse(text.replace(" ", "T") + "Z");
  if (Number.isNaN(naive)) return null;
  let guess = naive;
  for (let round = 0; round < 3; round += 1) {
    const shown = Date.parse(wall(guess, timezone).replace(" ", "T") + "Z");
    guess += naive - shown;
  }
  return new Date(guess).toISOString();
}

export type Language = "zh" | "en";

/** A length of time in words, two figures at most: 0.2 s, 12 s, 4 min 05 s, 3 h 20 min, 2 d 4 h. */
export function duration(ms: number, language: Language): string {
  const s = Math.max(0, ms) / 1000;
  const [day, hour, minute, second] = language === "zh" ? [" 天", " 小时", " 分", " 秒"] : [" d", " h", " min", " s"];
  if (s < 9.95) return `${s.toFixed(1)}${second}`;
  if (s < 59.5) return `${Math.round(s)}${second}`;
  const whole = Math.round(s);
  if (whole < 3600) return `${Math.floor(whole / 60)}${minute} ${String(whole % 60).padStart(2, "0")}${second}`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)}${hour} ${minutes % 60}${minute}`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)}${day} ${hours % 24}${hour}`;
}

/** A length that was set, not measured: without the zeros behind it. */
export function span(ms: number, language: Language): string {
  return duration(ms, language)
    .replace(/ 0+ \S+$/, "")
    .replace(/^(\d+)\.0 /, "$1 ");
}

/** Whole seconds for the bar that says that data is lost. */
export function wholeSeconds(ms: number): string {
  return String(Math.floor(Math.max(0, ms) / 1000));
}
