/** Formats times and numbers for a locale. Formatters are expensive to create, so each locale creates them once. */
import { isolated } from './isolated.ts';

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
  /** Names and other texts of users, each isolated from the sentence. */
  list(names: readonly string[]): string;
}

export function createFormats(locale: string): Formats {
  const number = new Intl.NumberFormat(locale);
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
  const time = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit' });
  const date = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
  const fullDate = new Intl.DateTimeFormat(locale, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
  });
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const exact = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
  const units = (['second', 'minute', 'hour', 'day'] as const).map(
    (unit) => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 0 }),
  );
  const sizes = (
    [
      ['byte', 0],
      ['kilobyte', 0],
      ['megabyte', 1],
    ] as const
  ).map(
    ([unit, digits]) =>
      new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: digits }),
  );
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const list = new Intl.ListFormat(locale, { type: 'conjunction' });
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
      const [size, length] = bytes < 1_000 ? [0, 1] : bytes < 1_000_000 ? [1, 1_000] : [2, 1_000_000];
      return sizes[size]?.format(bytes / length) ?? '';
    },
    list: (names) => list.format(names.map(isolated)),
  };
}

function daysBetween(then: Date, now: Date): number {
  const midnight = (day: Date) => new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
  // Rounded, since days have 23 or 25 hours when the clocks change.
  return Math.round((midnight(now) - midnight(then)) / 86_400_000);
}
