/** The parts that are always there: the button in the corner, and the panel around the current view. */
import { h, icon } from './dom.ts';
import { ICONS } from './styles.ts';
import type { Texts } from './texts.ts';

interface Actions {
  toggle(): void;
  close(): void;
  onKey(event: Event): void;
  showTickets(): void;
  showNotifications(): void;
}

export interface Frame {
  readonly root: HTMLElement;
  readonly launcher: HTMLButtonElement;
  readonly panel: HTMLElement;
  readonly heading: HTMLElement;
  readonly back: HTMLButtonElement;
  readonly bell: HTMLButtonElement;
  /** Elements that show the number of unread notifications. */
  readonly badges: readonly HTMLElement[];
  /** Shows the state of the connection. */
  readonly state: HTMLElement;
  /** Contains the current view. */
  readonly place: HTMLElement;
}

export function createFrame(texts: Texts, actions: Actions): Frame {
  const badges = [h('span', { class: 'badge', hidden: true }), h('span', { class: 'badge', hidden: true })];
  const [onLauncher, onBell] = badges;
  const button = (name: string | undefined, path: string, click: () => void, ...more: (HTMLElement | undefined)[]) =>
    h('button', { type: 'button', 'aria-label': name, title: name, on: { click } }, icon(path), ...more);
  const launcher = button(undefined, ICONS.chat, actions.toggle, onLauncher);
  launcher.className = 'launcher';
  launcher.ariaExpanded = 'false';
  const heading = h('h2', { id: 'title' }, texts.title);
  const back = button(texts.back, ICONS.list, actions.showTickets);
  const bell = button(undefined, ICONS.bell, actions.showNotifications, onBell);
  bell.className = 'bell';
  const away = button(texts.close, ICONS.close, actions.close);
  const state = h('p', { class: 'connection', role: 'status' });
  const place = h('div', { class: 'view' });
  const panel = h(
    'section',
    { class: 'panel', role: 'dialog', 'aria-labelledby': 'title', hidden: true, on: { keydown: actions.onKey } },
    h('header', {}, back, heading, bell, away),
    state,
    place,
  );
  return { root: h('div', {}, panel, launcher), launcher, panel, heading, back, bell, badges, state, place };
}
