/**
 * The field for a message. Enter sends, Shift+Enter starts a new line. Files are uploaded first, and sent with the
 * message. What is written is a draft: it stays while another view is shown, over a reload, and in a closed ticket.
 */
import { paste } from '../console/src/writing/clipboard.ts';
import type { Draft, DraftFile } from '../console/src/writing/drafts.ts';
import { isSendKey } from '../console/src/writing/keys.ts';
import { excessStart, isBlank, lengthOf, sendable } from '../console/src/writing/text.ts';
import type { TicketHandle } from '../src/client/index.ts';
import { LIMITS } from '../src/contract/limits.ts';
import { h, icon, set } from './dom.ts';
import { ICONS } from './styles.ts';
import { type Context, messageOf } from './view.ts';

export interface Composer {
  readonly element: HTMLFormElement;
  focus(): void;
  /** Whether the ticket is closed: then the draft can be read and discarded, and not sent. */
  setClosed(isClosed: boolean): void;
  /** The draft stays, and its uploads go on. */
  close(): void;
}

export function composer(context: Context, ticket: TicketHandle, draft: Draft): Composer {
  const { texts } = context;
  let isClosed = false;
  let shown: readonly DraftFile[] | undefined;
  const files = h('ul', { class: 'files' });
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  const closed = h('p', { class: 'empty', hidden: true }, texts.closed);
  const text = h('textarea', {
    rows: 1,
    dir: 'auto',
    'aria-label': texts.write,
    placeholder: texts.write,
    on: {
      keydown: (event) => keyPressed(event as KeyboardEvent),
      input: written,
      blur: () => ticket.typing(false),
      paste: (event) => paste(event as ClipboardEvent, draft.attach),
    },
  });
  const chooser = h('input', { type: 'file', multiple: true, hidden: true, on: { change: chosen } });
  const clip = h('button', { type: 'button', 'aria-label': texts.attach, title: texts.attach }, icon(ICONS.clip));
  const send = h('button', { type: 'submit', class: 'primary' }, texts.send);
  const discard = h('button', { type: 'button', hidden: true, on: { click: draft.discard } }, texts.discard);
  const element = h(
    'form',
    { on: { submit, dragover: (event) => event.preventDefault(), drop: dropped } },
    ...[files, problem, closed, clip, chooser, text, send, discard],
  );
  clip.addEventListener('click', () => chooser.click());
  const unsubscribe = draft.on('change', display);
  display();

  function written(): void {
    draft.write(text.value);
    ticket.typing(text.value !== '');
  }

  function keyPressed(event: KeyboardEvent): void {
    if (isSendKey(event)) submit(event);
  }

  function submit(event: Event): void {
    event.preventDefault();
    if (isClosed || !canSend()) return;
    // The message itself shows its state: pending, sent, or failed.
    ticket.post(draft.take()).catch(() => undefined);
    text.focus();
  }

  function canSend(): boolean {
    const { state } = draft;
    const isUploaded = state.files.every(({ attachment }) => attachment !== undefined);
    return isUploaded && problemOf() === undefined && (state.files.length > 0 || !isBlank(state.text));
  }

  function problemOf(): string | undefined {
    const { state } = draft;
    if (state.files.length > LIMITS.attachments) return texts.tooMany;
    if (excessStart(state.text, LIMITS.message) === undefined) return undefined;
    return `${texts.tooLong} (${context.formats.number(lengthOf(sendable(state.text)) - LIMITS.message)})`;
  }

  function chosen(): void {
    draft.attach([...(chooser.files ?? [])]);
    chooser.value = '';
  }

  function dropped(event: Event): void {
    event.preventDefault();
    draft.attach([...((event as DragEvent).dataTransfer?.files ?? [])]);
  }

  function display(): void {
    const { state } = draft;
    // An assignment of the same text would end a composition of an input method.
    if (text.value !== state.text) text.value = state.text;
    if (state.files !== shown) files.replaceChildren(...state.files.map((file) => fileElement(context, file, draft)));
    shown = state.files;
    const wrong = problemOf();
    problem.hidden = wrong === undefined;
    problem.textContent = wrong ?? '';
    text.readOnly = isClosed;
    text.hidden = isClosed && state.text === '';
    closed.hidden = !isClosed;
    clip.hidden = isClosed;
    send.hidden = isClosed;
    discard.hidden = !isClosed || (state.text === '' && state.files.length === 0);
    set(send, 'disabled', !canSend());
  }

  return {
    element,
    focus: () => text.focus(),
    setClosed(next) {
      if (next === isClosed) return;
      isClosed = next;
      display();
    },
    close: unsubscribe,
  };
}

function fileElement({ texts }: Context, file: DraftFile, draft: Draft): HTMLElement {
  const { key, name, progress, attachment, failure } = file;
  const away = { type: 'button', 'aria-label': `${texts.remove}: ${name}`, on: { click: () => draft.remove(key) } };
  const isUploading = attachment === undefined && failure === undefined;
  return h(
    'li',
    {},
    h('bdi', {}, name),
    isUploading && h('progress', { max: 1, value: progress, 'aria-label': name }),
    failure !== undefined && h('span', { class: 'problem', role: 'alert' }, explained(failure, texts)),
    failure?.reason === 'refused' &&
      h('button', { type: 'button', on: { click: () => draft.retry(key) } }, texts.retry),
    h('button', away, '×'),
  );
}

function explained(failure: NonNullable<DraftFile['failure']>, texts: Context['texts']): string {
  return failure.reason === 'refused' ? messageOf(failure.error) : texts[failure.reason];
}
