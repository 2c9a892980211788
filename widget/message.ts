/** One message as an element: a user's, the server's, or an outgoing one of this device. */
import { withIsolated } from '../console/src/language/isolated.ts';
import { piecesOf } from '../console/src/writing/links.ts';
import type { Attachment, Message, OutgoingMessage } from '../src/client/index.ts';
import { h } from './dom.ts';
import type { Context } from './view.ts';

export function messageElement(context: Context, message: Message): HTMLElement {
  const { client, formats, texts } = context;
  if (message.messageType === 'SYSTEM')
    return h('div', { class: 'message system', dir: 'auto' }, withIsolated(message.message, message.sender.name));
  const own = message.senderId === client.connection.me?.id;
  const name = own ? texts.you : h('bdi', {}, message.sender.name);
  const who = h('span', { class: 'who' }, name, when(message.createdAt, formats));
  const files = message.attachments.map((one) => attachmentElement(context, one));
  return h('div', { class: own ? 'message own' : 'message' }, who, textElement(message.message), ...files);
}

export function outgoingElement({ client, formats, texts }: Context, outgoing: OutgoingMessage): HTMLElement {
  const { id, state, error } = outgoing;
  const failed = state === 'failed';
  const note = failed ? `${texts.failed}: ${error?.message ?? ''}` : state === 'pending' ? texts.pending : '';
  const button = (text: string, click: () => void) => h('button', { type: 'button', on: { click } }, text);
  return h(
    'div',
    { class: `message own ${state}` },
    h('span', { class: 'who' }, texts.you, when(outgoing.createdAt, formats), note !== '' && h('span', {}, note)),
    textElement(outgoing.message),
    ...(outgoing.attachments ?? []).map(({ name }) => h('div', {}, h('bdi', {}, name))),
    failed && button(texts.retry, () => client.outbox.retry(id)),
    failed && button(texts.discard, () => client.outbox.discard(id)),
  );
}

function when(iso: string, formats: Context['formats']): HTMLElement {
  return h('time', { datetime: iso, title: formats.full(iso) }, formats.brief(iso, new Date()));
}

function textElement(text: string): HTMLElement {
  const link = (href: string) =>
    h('a', { href, dir: 'ltr', target: '_blank', rel: 'noopener noreferrer nofollow' }, href);
  return h('p', { dir: 'auto' }, ...piecesOf(text).map((piece) => (piece.isLink ? link(piece.text) : piece.text)));
}

/** The links in messages expire after minutes, so the file is fetched on a click. */
function attachmentElement(
  { client, formats, texts }: Context,
  { id, name, size, mimeType, url }: Attachment,
): HTMLElement {
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
  const link = h('a', { href: '#', on: { click } }, h('bdi', {}, name), ` (${formats.size(size)})`);
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
