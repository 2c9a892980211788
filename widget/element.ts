/**
 * The custom element: a button with a badge, and the panel that it opens. It connects while it has a token and is in a
 * page. Its shadow tree separates its styles from the page's.
 */
import { createFormats } from '../console/src/language/formats.ts';
import { localeFor } from '../console/src/language/locale.ts';
import { isLeaveKey } from '../console/src/writing/keys.ts';
import { type Client, type ConnectionState, createClient, type TokenSource, webStorage } from '../src/client/index.ts';
import { chatView } from './chat-view.ts';
import { set } from './dom.ts';
import { createWidgetDrafts } from './drafts.ts';
import { createFrame } from './frame.ts';
import { notificationsView } from './notifications-view.ts';
import { STYLES } from './styles.ts';
import { directionOf, type Texts, textsIn } from './texts.ts';
import { ticketsView } from './tickets-view.ts';
import type { Context, Place, View } from './view.ts';

export interface ChatElement extends HTMLElement {
  /** Replaces the attribute `token`. A function is called whenever a new token is needed. */
  token: TokenSource | undefined;
  /** Texts that replace those of the language. */
  texts: Partial<Texts> | undefined;
  /** The client; undefined while there is no token. */
  readonly client: Client | undefined;
  open(): void;
  close(): void;
}

const RESTARTING = new Set(['url', 'token', 'token-callback']);

/** Defines `<deskwire-chat>`, once. `home`: the server for elements without the attribute `url`. */
export function defineChat(home: string): void {
  if (customElements.get('deskwire-chat') !== undefined) return;

  class DeskwireChat extends HTMLElement implements ChatElement {
    static readonly observedAttributes = ['url', 'token', 'token-callback', 'ticket', 'lang', 'dir'];
    #token: TokenSource | undefined;
    #texts: Partial<Texts> | undefined;
    #running: Running | undefined;
    #scheduled = false;

    get token(): TokenSource | undefined {
      return this.#token ?? this.getAttribute('token') ?? this.#callback();
    }

    set token(token: TokenSource | undefined) {
      this.#token = token;
      this.#restart();
    }

    get texts(): Partial<Texts> | undefined {
      return this.#texts;
    }

    set texts(texts: Partial<Texts> | undefined) {
      this.#texts = texts;
      this.#restart();
    }

    get client(): Client | undefined {
      return this.#running?.client;
    }

    open(): void {
      this.#running?.open();
    }

    close(): void {
      this.#running?.close();
    }

    connectedCallback(): void {
      this.#restart();
    }

    disconnectedCallback(): void {
      this.#restart();
    }

    attributeChangedCallback(name: string): void {
      if (name === 'ticket') this.#running?.showTicket(this.getAttribute('ticket') ?? undefined);
      else if (RESTARTING.has(name) || this.#running !== undefined) this.#restart();
    }

    /** The page's global function that the attribute names. */
    #callback(): TokenSource | undefined {
      const name = this.getAttribute('token-callback');
      const named: unknown = name === null ? undefined : (globalThis as Record<string, unknown>)[name];
      return typeof named === 'function' ? () => named() : undefined;
    }

    /** Restarts once, however many attributes are set in the same task. */
    #restart(): void {
      if (this.#scheduled) return;
      this.#scheduled = true;
      queueMicrotask(() => {
        this.#scheduled = false;
        this.#running?.end();
        this.#running = undefined;
        const { token } = this;
        if (this.isConnected && token !== undefined) this.#running = run(this, token, home);
      });
    }
  }

  customElements.define('deskwire-chat', DeskwireChat);
}

interface Running {
  readonly client: Client;
  open(): void;
  close(): void;
  showTicket(id: string | undefined): void;
  end(): void;
}

function run(host: ChatElement, token: TokenSource, home: string): Running {
  const language = host.getAttribute('lang') ?? (document.documentElement.lang || navigator.language);
  const formats = createFormats(localeFor(language, navigator.languages));
  const texts: Texts = { ...textsIn(language), ...host.texts };
  const client = createClient({ url: host.getAttribute('url') ?? home, token, ...outboxStorage() });
  const drafts = createWidgetDrafts(client);
  const shadow = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLES);
  shadow.adoptedStyleSheets = [sheet];

  const { root, launcher, panel, heading, back, bell, badges, state, place } = createFrame(texts, {
    toggle,
    close,
    onKey,
    showTickets: () => show({ at: 'tickets' }),
    showNotifications: () => show({ at: 'notifications' }),
  });
  set(root, 'dir', host.getAttribute('dir') ?? directionOf(language));
  set(root, 'lang', language);
  shadow.replaceChildren(root);

  const context: Context = {
    client,
    texts,
    formats,
    drafts,
    show,
    visible: () => !panel.hidden && document.visibilityState === 'visible',
  };
  let view: View | undefined;

  function show(next: Place): void {
    view?.close();
    view = viewAt(context, next);
    place.replaceChildren(view.element);
    const ticketId = host.getAttribute('ticket');
    back.hidden = next.at === 'tickets' || (next.at === 'chat' && ticketId === next.id);
    title();
    if (panel.hidden) return;
    view.focus();
    view.seen();
  }

  function title(): void {
    heading.textContent = view?.title ?? texts.title;
  }

  function begin(): void {
    const id = host.getAttribute('ticket');
    show(id === null ? { at: 'tickets' } : { at: 'chat', id });
  }

  function open(): void {
    if (!panel.hidden) return;
    panel.hidden = false;
    set(launcher, 'aria-expanded', 'true');
    if (view === undefined) begin();
    view?.focus();
    view?.seen();
    host.dispatchEvent(new CustomEvent('deskwire-open'));
  }

  function close(): void {
    if (panel.hidden) return;
    panel.hidden = true;
    set(launcher, 'aria-expanded', 'false');
    launcher.focus();
    host.dispatchEvent(new CustomEvent('deskwire-close'));
  }

  function toggle(): void {
    if (panel.hidden) open();
    else close();
  }

  function onKey(event: Event): void {
    if (isLeaveKey(event as KeyboardEvent)) close();
  }

  function showUnread(unread: number): void {
    for (const one of badges) {
      one.hidden = unread === 0;
      one.textContent = unread > 99 ? `${formats.number(99)}+` : formats.number(unread);
    }
    const suffix = unread === 0 ? '' : ` (${formats.number(unread)} ${texts.unread})`;
    set(launcher, 'aria-label', texts.openChat + suffix);
    set(bell, 'aria-label', texts.notifications + suffix);
    host.dispatchEvent(new CustomEvent('deskwire-unread', { detail: unread }));
  }

  function showState(next: ConnectionState): void {
    state.dataset.state = next;
    state.textContent = texts[next];
    title();
  }

  client.inbox.on('unread', showUnread);
  client.connection.on('state', showState);
  showUnread(client.inbox.state.unread);
  showState(client.connection.state);
  const watchTitle = new MutationObserver(title);
  watchTitle.observe(place, { childList: true, subtree: true });

  return {
    client,
    open,
    close,
    showTicket(id) {
      if (view !== undefined || id !== undefined) show(id === undefined ? { at: 'tickets' } : { at: 'chat', id });
    },
    end() {
      watchTitle.disconnect();
      view?.close();
      drafts.close();
      client.close();
      shadow.replaceChildren();
    },
  };
}

function viewAt(context: Context, place: Place): View {
  switch (place.at) {
    case 'tickets':
      return ticketsView(context);
    case 'notifications':
      return notificationsView(context);
    case 'chat':
      return chatView(context, place.id);
  }
}

/** Some pages may not use storage: then the outbox ends with the page. */
function outboxStorage() {
  try {
    return { storage: webStorage(localStorage) };
  } catch {
    return {};
  }
}
