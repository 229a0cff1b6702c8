// How money, tokens, times and shares are written. Nothing else formats them.

const NONE = "–";

/** A decimal in US dollars: cents for what is worth cents, and as many digits as small sums need. */
export function money(text: string | null | undefined): string {
  if (text === null || text === undefined) return NONE;
  const value = Number(text);
  if (!Number.isFinite(value)) return NONE;
  if (value === 0) return "$0";
  const size = Math.abs(value);
  if (size >= 100_000) return `$${compact(value)}`;
  if (size >= 0.9995) return usd(value, 2);
  if (size >= 0.01) return usd(value, 3);
  if (size >= 0.000_001) return `$${trimmed(value.toPrecision(2))}`;
  return value < 0 ? "> -$0.000001" : "< $0.000001";
}

/** The same, without leaving anything out. */
export function exactMoney(text: string | null | undefined): string {
  return text === null || text === undefined ? "unknown" : `$${text}`;
}

function usd(value: number, digits: number): string {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `${value < 0 ? "-" : ""}$${Math.abs(value).toLocaleString("en-US", options)}`;
}

/** `0.0000010` without the last zeroes, and never as `1e-6`. */
function trimmed(text: string): string {
  return Number(text).toFixed(9).replace(/0+$/, "");
}

/** A count, whole. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : value.toLocaleString("en-US");
}

const STEPS = [
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "k"],
] as const;

/** A count in three digits or so: 950, 12.3k, 4.56M. */
export function compact(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  const size = Math.abs(value);
  if (size < 1000)
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
  for (const [step, unit] of STEPS) {
    // 999,999 is 1M, and not 1000k.
    if (size >= step * 0.9995) return `${Number((value / step).toPrecision(3))}${unit}`;
  }
  return String(Math.round(value));
}

/** A length of time given in milliseconds. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return NONE;
  if (ms === 0) return "0 ms";
  if (ms < 1) return "< 1 ms";
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(seconds < 9.95 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  if (whole < 86_400)
    return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

/** A part of a whole. */
export function share(part: number, whole: number): string {
  if (whole <= 0) return NONE;
  const percent = (100 * part) / whole;
  if (percent > 0 && percent < 0.1) return "< 0.1%";
  if (percent < 100 && percent > 99.9) return "> 99.9%";
  return `${percent < 10 && percent > 0 ? percent.toFixed(1) : Math.round(percent)}%`;
}

/** How a value changed, in percent; nothing where there is nothing to compare with. */
export function change(now: number, before: number): string | undefined {
  if (before === 0) return undefined;
  const percent = (100 * (now - before)) / before;
  const size = Math.abs(percent);
  if (size < 0.5) return "±0%";
  const sign = percent > 0 ? "+" : "−";
  return size >= 1000 ? `${sign}${compact(size / 100)}×` : `${sign}${Math.round(size)}%`;
}

/** How long ago, or how long from now. */
export function ago(at: string | number | Date, now: number = Date.now()): string {
  const past = now - new Date(at).getTime();
  const seconds = Math.round(Math.abs(past) / 1000);
  if (seconds < 5) return "now";
  const [value, unit] =
    seconds < 60
      ? [seconds, "s"]
      : seconds < 3600
        ? [Math.floor(seconds / 60), "min"]
        : seconds < 86_400
          ? [Math.floor(seconds / 3600), "h"]
          : [Math.floor(seconds / 86_400), "d"];
  return past >= 0 ? `${value} ${unit} ago` : `in ${value} ${unit}`;
}

/** How long from now, and when that is: an hour that is told in whole ones may be two. */
export function until(at: string | number | Date, now: number = Date.now()): string {
  return `${ago(at, now)}, ${toCome(at, now)}`;
}

/** When a moment to come is, to the minute: the day too, where it is not within one. */
export function toCome(at: string | number | Date, now: number = Date.now()): string {
  const date = new Date(at);
  const time = `at ${pad(date.getHours())}:${pad(date.getMinutes())}`;
  if (date.getTime() - now < 86_400_000) return time;
  const day = date.toLocaleDateString("en-US", { month: "short", day: "numeric" });
  return `${day} ${time}`;
}

/** A moment, to the second, in the reader's own zone. */
export function moment(at: string | number | Date): string {
  const date = new Date(at);
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day} ${clockTime(date)}`;
}

/** The time of day. */
export function clockTime(date: Date): string {
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** An id short enough to tell rows apart: its kind and its last eight digits. */
export function shortId(id: string): string {
  const at = id.indexOf("_");
  return id.length <= at + 9 ? id : `${id.slice(0, at + 1)}…${id.slice(-8)}`;
}

export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  const [size, unit] = value < 999_500 ? [value / 1e3, "kB"] : [value / 1e6, "MB"];
  return `${Number(size.toPrecision(3))} ${unit}`;
}
