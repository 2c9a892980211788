/** One message as an element: a user's, the server's, or an outgoing one of this device. */
import type { Attachment, Message, OutgoingMessage } from '../src/client/index.ts';
import { h } from './dom.ts';
import { type Context, timeOf } from './view.ts';

export function messageElement(context: Context, message: Message): HTMLElement {
  const { client, language, texts } = context;
  if (message.messageType === 'SYSTEM') return h('div', { class: 'message system' }, message.message);
  const own = message.senderId === client.connection.me?.id;
  const who = h('span', { class: 'who' }, own ? texts.you : message.sender.name, when(message.createdAt, language));
  const files = message.attachments.map((one) => attachmentElement(context, one));
  return h('div', { class: own ? 'message own' : 'message' }, who, h('p', { dir: 'auto' }, message.message), ...files);
}

export function outgoingElement({ client, language, texts }: Context, outgoing: OutgoingMessage): HTMLElement {
  const { id, state, error } = outgoing;
  const failed = state === 'failed';
  const note = failed ? `${texts.failed}: ${error?.message ?? ''}` : state === 'pending' ? texts.pending : '';
  const button = (text: string, click: () => void) => h('button', { type: 'button', on: { click } }, text);
  return h(
    'div',
    { class: `message own ${state}` },
    h('span', { class: 'who' }, texts.you, when(outgoing.createdAt, language), note !== '' && h('span', {}, note)),
    h('p', { dir: 'auto' }, outgoing.message),
    ...(outgoing.attachments ?? []).map(({ name }) => h('div', {}, name)),
    failed && button(texts.retry, () => client.outbox.retry(id)),
    failed && button(texts.discard, () => client.outbox.discard(id)),
  );
}

function when(iso: string, language: string): HTMLElement {
  return h('time', { datetime: iso }, timeOf(iso, language));
}

/** The links in messages expire after minutes, so the file is fetched on a click. */
function attachmentElement({ client, texts }: Context, { id, name, size, mimeType, url }: Attachment): HTMLElement {
  const problem = h('span', { role: 'alert' });
  const click = (event: Event) => {
    event.preventDefault();
    client.tickets.attachment(id).then(
      (content) => save(content, name),
      () => {
        problem.textContent = texts.wrong;
      },
    );
  };
  const link = h('a', { href: '#', on: { click } }, `${name} (${sizeOf(size)})`);
  if (!mimeType.startsWith('image/')) return h('div', {}, link, problem);
  const address = new URL(url, client.url).href;
  const image = h('img', { src: address, alt: name, loading: 'lazy', on: { error: () => image.remove() } });
  return h('div', {}, image, link, problem);
}

function save(content: Blob, name: string): void {
  const href = URL.createObjectURL(content);
  h('a', { href, download: name }).click();
  URL.revokeObjectURL(href);
}

function sizeOf(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
