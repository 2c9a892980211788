/**
 * The field for a message. Enter sends, Shift+Enter starts a new line. Files are uploaded first, and sent with the
 * message.
 */
import { isSendKey } from '../console/src/writing/keys.ts';
import { excessStart, isBlank, lengthOf, sendable } from '../console/src/writing/text.ts';
import type { Attachment, TicketHandle } from '../src/client/index.ts';
import { LIMITS } from '../src/contract/limits.ts';
import { h, icon, set } from './dom.ts';
import { ICONS } from './styles.ts';
import { type Context, messageOf } from './view.ts';

export interface Composer {
  readonly element: HTMLFormElement;
  focus(): void;
  /** Cancels the uploads. */
  close(): void;
}

export function composer({ texts }: Context, ticket: TicketHandle): Composer {
  const closing = new AbortController();
  let attached: readonly Attachment[] = [];
  let uploading = 0;
  const files = h('ul', { class: 'files' });
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  const text = h('textarea', {
    rows: 1,
    dir: 'auto',
    'aria-label': texts.write,
    placeholder: texts.write,
    on: { keydown: (event) => void keyPressed(event as KeyboardEvent), input: () => ticket.typing(text.value !== '') },
  });
  const chooser = h('input', { type: 'file', multiple: true, hidden: true, on: { change: chosen } });
  const clip = h('button', { type: 'button', 'aria-label': texts.attach, title: texts.attach }, icon(ICONS.clip));
  const send = h('button', { type: 'submit', class: 'primary' }, texts.send);
  const element = h(
    'form',
    { on: { submit, dragover: allow, drop: dropped } },
    files,
    problem,
    clip,
    chooser,
    text,
    send,
  );
  clip.addEventListener('click', () => chooser.click());

  function keyPressed(event: KeyboardEvent): void {
    if (!isSendKey(event)) return;
    submit(event);
  }

  function submit(event: Event): void {
    event.preventDefault();
    const message = sendable(text.value);
    if (uploading > 0 || (isBlank(message) && attached.length === 0)) return;
    if (excessStart(message, LIMITS.message) !== undefined) {
      showProblem(`${texts.tooLong} (${lengthOf(message) - LIMITS.message})`);
      return;
    }
    const attachments = attached;
    // The message itself shows its state: pending, sent, or failed.
    ticket.post({ message, ...(attachments.length > 0 && { attachments }) }).catch(() => undefined);
    text.value = '';
    attached = [];
    files.replaceChildren();
    showProblem(undefined);
  }

  function chosen(): void {
    for (const file of chooser.files ?? []) void upload(file);
    chooser.value = '';
  }

  function allow(event: Event): void {
    event.preventDefault();
  }

  function dropped(event: Event): void {
    event.preventDefault();
    for (const file of (event as DragEvent).dataTransfer?.files ?? []) void upload(file);
  }

  /** Never rejects. */
  async function upload(file: File): Promise<void> {
    const progress = h('progress', { max: 1, value: 0, 'aria-label': file.name });
    const item = h('li', {}, file.name, progress);
    files.append(item);
    count(1);
    try {
      const onProgress = (share: number) => {
        progress.value = share;
      };
      const done = await ticket.upload(file, { onProgress, signal: closing.signal });
      attached = [...attached, done];
      const remove = () => {
        attached = attached.filter(({ id }) => id !== done.id);
        item.remove();
      };
      const away = h(
        'button',
        { type: 'button', 'aria-label': `${texts.remove}: ${done.name}`, on: { click: remove } },
        '×',
      );
      item.replaceChildren(done.name, away);
    } catch (error) {
      item.remove();
      if (!closing.signal.aborted) showProblem(`${file.name}: ${messageOf(error)}`);
    } finally {
      count(-1);
    }
  }

  function count(change: number): void {
    uploading += change;
    set(send, 'disabled', uploading > 0);
  }

  function showProblem(what: string | undefined): void {
    problem.hidden = what === undefined;
    problem.textContent = what ?? '';
  }

  return { element, focus: () => text.focus(), close: () => closing.abort() };
}
