/** Formats times and numbers for a language. Formatters are expensive to create, so each language creates them once. */
export interface Formats {
  number(value: number): string;
  /** The time of day: 14:05. */
  time(at: string): string;
  /** "Today", "yesterday", or the date. */
  day(at: string, now: Date): string;
  /** The time if it is today, else the date. */
  brief(at: string, now: Date): string;
  full(at: string): string;
  /** A fraction from 0 to 1. */
  percent(fraction: number): string;
  /** Date and time with seconds. */
  exact(at: string): string;
  /** In the largest suitable unit: 40 seconds, 3 minutes. */
  duration(seconds: number): string;
  size(bytes: number): string;
  list(names: readonly string[]): string;
}

export function createFormats(language: string): Formats {
  const number = new Intl.NumberFormat(language);
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 });
  const oneDigit = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const time = new Intl.DateTimeFormat(language, { hour: 'numeric', minute: '2-digit' });
  const date = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' });
  const fullDate = new Intl.DateTimeFormat(language, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
  });
  const full = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
  const exact = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
  const units = (['second', 'minute', 'hour', 'day'] as const).map(
    (unit) => new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 0 }),
  );
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const list = new Intl.ListFormat(language, { type: 'conjunction' });
  return {
    number: (value) => number.format(value),
    percent: (fraction) => percent.format(Math.floor(fraction * 100) / 100),
    time: (at) => time.format(new Date(at)),
    day(at, now) {
      const ago = daysBetween(new Date(at), now);
      return ago === 0 || ago === 1 ? relative.format(-ago, 'day') : fullDate.format(new Date(at));
    },
    brief: (at, now) => (daysBetween(new Date(at), now) === 0 ? time : date).format(new Date(at)),
    full: (at) => full.format(new Date(at)),
    exact: (at) => exact.format(new Date(at)),
    duration(seconds) {
      const [unit, length] =
        seconds < 90 ? [0, 1] : seconds < 5_400 ? [1, 60] : seconds < 129_600 ? [2, 3_600] : [3, 86_400];
      return units[unit]?.format(Math.ceil(seconds / length)) ?? '';
    },
    size(bytes) {
      if (bytes < 1_000) return `${number.format(bytes)} B`;
      if (bytes < 1_000_000) return `${number.format(Math.round(bytes / 1_000))} kB`;
      return `${oneDigit.format(bytes / 1_000_000)} MB`;
    },
    list: (names) => list.format(names),
  };
}

function daysBetween(then: Date, now: Date): number {
  const midnight = (day: Date) => new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
  // Rounded, since days have 23 or 25 hours when the clocks change.
  return Math.round((midnight(now) - midnight(then)) / 86_400_000);
}
