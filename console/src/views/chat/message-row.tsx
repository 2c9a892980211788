/** The rows of a conversation. Internal notes are marked by colour, by an icon and in words. */
import { memo } from 'react';
import type { Attachment, Outbox } from '../../../../src/client/index.ts';
import { Avatar } from '../../components/avatar.tsx';
import { Icon } from '../../components/icons.tsx';
import { useNow } from '../../components/use-now.ts';
import { withIsolated } from '../../language/isolated.ts';
import { useFormats, useTexts } from '../../language/language.tsx';
import { useSignedIn } from '../../session/signed-in.tsx';
import { piecesOf } from '../../writing/links.ts';
import { AttachmentView } from './attachment-view.tsx';
import type { DayRow, MessageRow, OpeningRow, OutgoingRow, Row, SystemRow } from './rows.ts';

interface Props {
  readonly row: Exclude<Row, OpeningRow>;
  /** The highest version that another user has read, to mark the user's own messages as read. */
  readonly readUpTo: number;
}

export const ChatRow = memo(
  function ChatRow({ row, readUpTo }: Props) {
    switch (row.kind) {
      case 'day':
        return <Day row={row} />;
      case 'system':
        return <System row={row} />;
      case 'message':
        return <PostedMessage row={row} readUpTo={readUpTo} />;
      case 'outgoing':
        return <Outgoing row={row} />;
    }
  },
  (before, after) => isSame(before.row, after.row) && isRead(before) === isRead(after),
);

function isRead({ row, readUpTo }: Props): boolean {
  return row.kind === 'message' && row.message.version <= readUpTo;
}

/** Compares content: the row objects are new after each change, but their content seldom differs. */
function isSame(a: Props['row'], b: Props['row']): boolean {
  if (a.kind === 'day' || b.kind === 'day') return a.key === b.key && a.kind === b.kind;
  if (a.kind !== b.kind || a.message !== b.message) return false;
  const place = (row: Props['row']) => [
    'isFirst' in row && row.isFirst,
    'isLast' in row && row.isLast,
    ...(row.kind === 'message' ? row.readBy : []),
  ];
  return place(a).join('\n') === place(b).join('\n');
}

function Day({ row }: { readonly row: DayRow }) {
  return (
    <div className="day">
      <span>{useFormats().day(row.at, useNow())}</span>
    </div>
  );
}

function System({ row: { message } }: { readonly row: SystemRow }) {
  const formats = useFormats();
  return (
    <div className={message.internal ? 'system is-note' : 'system'}>
      <span dir="auto">{withIsolated(message.message, message.sender.name)}</span>
      <time dateTime={message.createdAt}>{formats.time(message.createdAt)}</time>
    </div>
  );
}

function PostedMessage({ row, readUpTo }: { readonly row: MessageRow; readonly readUpTo: number }) {
  const texts = useTexts();
  const formats = useFormats();
  const { me } = useSignedIn();
  const { message, isFirst, isLast, readBy } = row;
  const isOwn = message.senderId === me.id;
  const names = formats.list(readBy);
  return (
    <article className={classOf(isOwn, message.internal, isFirst)}>
      {!isOwn && <span className="message-face">{isFirst && <Avatar name={message.sender.name} />}</span>}
      <div className="message-body">
        {isFirst && !isOwn && (
          <p className="message-who">
            <strong dir="auto">{message.sender.name}</strong>
            <span className="muted">{texts.roles[message.sender.role]}</span>
          </p>
        )}
        <Bubble text={message.message} internal={message.internal} attachments={message.attachments} />
        <p className={isLast || readBy.length > 0 ? 'message-foot' : 'message-foot unseen'}>
          <time dateTime={message.createdAt} title={formats.full(message.createdAt)}>
            {formats.time(message.createdAt)}
          </time>
          {isOwn && <Icon name={message.version <= readUpTo ? 'checks' : 'check'} />}
          {isOwn && <span className="unseen">{texts.chat.sent}</span>}
          {readBy.length > 0 && (
            <span className="readers" title={texts.chat.readBy(names)}>
              {readBy.map((name) => (
                <Avatar key={name} name={name} size="tiny" />
              ))}
              <span className="unseen">{texts.chat.readBy(names)}</span>
            </span>
          )}
        </p>
      </div>
    </article>
  );
}

function Outgoing({ row: { message, isFirst } }: { readonly row: OutgoingRow }) {
  const texts = useTexts();
  const { client } = useSignedIn();
  const internal = message.internal ?? false;
  return (
    <article className={`${classOf(true, internal, isFirst)} is-${message.state}`}>
      <div className="message-body">
        <Bubble text={message.message} internal={internal} attachments={message.attachments ?? []} />
        <p className="message-foot">
          {message.state === 'failed' ? (
            <Failed id={message.id} reason={message.error?.message ?? ''} outbox={client.outbox} />
          ) : (
            <>
              <Icon name={message.state === 'sent' ? 'check' : 'clock'} />
              <span>{message.state === 'sent' ? texts.chat.sent : texts.chat.pending}</span>
            </>
          )}
        </p>
      </div>
    </article>
  );
}

interface FailedProps {
  readonly id: string;
  readonly reason: string;
  readonly outbox: Pick<Outbox, 'retry' | 'discard'>;
}

function Failed({ id, reason, outbox }: FailedProps) {
  const { chat } = useTexts();
  return (
    <span className="failed" role="alert">
      <Icon name="warning" />
      <span>
        {chat.notSent}: <bdi>{reason}</bdi>
      </span>
      <button type="button" className="button link" onClick={() => outbox.retry(id)}>
        {chat.retry}
      </button>
      <button type="button" className="button link" onClick={() => outbox.discard(id)}>
        {chat.discard}
      </button>
    </span>
  );
}

function classOf(isOwn: boolean, internal: boolean, isFirst: boolean): string {
  return `message ${isOwn ? 'is-own' : 'is-others'}${internal ? ' is-note' : ''}${isFirst ? ' is-first' : ''}`;
}

interface BubbleProps {
  readonly text: string;
  readonly internal: boolean;
  readonly attachments: readonly Attachment[];
}

function Bubble({ text, internal, attachments }: BubbleProps) {
  const texts = useTexts();
  return (
    <div className="bubble">
      {internal && (
        <p className="note-mark">
          <Icon name="lock" />
          {texts.chat.note}
        </p>
      )}
      {text !== '' && (
        <p className="message-text" dir="auto">
          {piecesOf(text).map((piece, index) =>
            piece.isLink ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: a text never changes
              <a key={index} href={piece.text} dir="ltr" target="_blank" rel="noopener noreferrer nofollow">
                {piece.text}
              </a>
            ) : (
              piece.text
            ),
          )}
        </p>
      )}
      {attachments.length > 0 && (
        <div className="attachments">
          {attachments.map((attachment) => (
            <AttachmentView key={attachment.id} attachment={attachment} />
          ))}
        </div>
      )}
    </div>
  );
}
