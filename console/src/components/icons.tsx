/**
 * Icons: lines on a grid of 24, in the colour of the surrounding text. Every icon stands beside the same information in
 * words.
 */
const SHAPES = {
  tickets: 'M4 6h16M4 12h16M4 18h10',
  inbox: 'M4 13h4l2 3h4l2-3h4M4 13l3-8h10l3 8v6H4z',
  bell: 'M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l4.5 4.5',
  plus: 'M12 5v14M5 12h14',
  send: 'M4 12 20 5l-4 15-4-6zM12 14l8-9',
  clip: 'M20 11.5 12 19.5a5 5 0 0 1-7-7l8.5-8.5a3.3 3.3 0 0 1 4.7 4.7L9.7 17a1.7 1.7 0 0 1-2.4-2.4L15 7',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  back: 'M15 5l-7 7 7 7',
  forth: 'M9 5l7 7-7 7',
  close: 'M6 6l12 12M18 6 6 18',
  check: 'M5 12.5 10 17.5 19 7',
  checks: 'M2.5 12.5 7 17l8.5-10M12 16l1 1 8.5-10',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2',
  warning: 'M12 4 2.5 20h19zM12 10v4.5M12 17.3v.2',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5a7.5 7.5 0 0 1 15 0',
  panel: 'M4 5h16v14H4zM14.5 5v14',
  file: 'M7 3h7l5 5v13H7zM14 3v5h5',
  down: 'M12 5v14M6 13l6 6 6-6',
  up: 'M12 19V5M6 11l6-6 6 6',
  chat: 'M4 5h16v11h-8l-5 4v-4H4z',
  pulse: 'M3 12h4l3-7 4 14 3-7h4',
  history: 'M4 12a8 8 0 1 0 2.5-5.8L4 8.5M4 4v4.5h4.5M12 8v4.5l3 1.5',
  refresh: 'M20 12a8 8 0 1 1-2.5-5.8L20 8.5M20 4v4.5h-4.5',
} as const;

export type IconName = keyof typeof SHAPES;

/** Icons that point along a line of text; they are mirrored in right-to-left languages. */
const TURNING: ReadonlySet<IconName> = new Set(['send', 'back', 'forth', 'tickets', 'panel']);

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className={TURNING.has(name) ? 'icon turns' : 'icon'} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={SHAPES[name]} />
    </svg>
  );
}

/** The product's logo. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path d="M9 10h14v9h-7l-4 4v-4H9z" />
    </svg>
  );
}
