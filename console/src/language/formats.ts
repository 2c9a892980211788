/** Times and numbers as readers of a language write them. Formatters are costly to make, so a language keeps its own. */
export interface Formats {
  number(value: number): string;
  /** Of the day: 14:05. */
  time(at: string): string;
  /** Today, yesterday, or the date. */
  day(at: string, now: Date): string;
  /** Short: the time today, else the date. */
  brief(at: string, now: Date): string;
  full(at: string): string;
  size(bytes: number): string;
  list(names: readonly string[]): string;
}

export function createFormats(language: string): Formats {
  const number = new Intl.NumberFormat(language);
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
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const list = new Intl.ListFormat(language, { type: 'conjunction' });
  return {
    number: (value) => number.format(value),
    time: (at) => time.format(new Date(at)),
    day(at, now) {
      const ago = daysBetween(new Date(at), now);
      return ago === 0 || ago === 1 ? relative.format(-ago, 'day') : fullDate.format(new Date(at));
    },
    brief: (at, now) => (daysBetween(new Date(at), now) === 0 ? time : date).format(new Date(at)),
    full: (at) => full.format(new Date(at)),
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
  // Days of 23 and 25 hours are days, too.
  return Math.round((midnight(now) - midnight(then)) / 86_400_000);
}
