/**
 * The field for a message or, for staff, an internal note, which requesters never see. Enter sends; Shift+Enter starts
 * a new line.
 */
import { type FormEvent, type KeyboardEvent, useId, useRef, useState } from 'react';
import type {
  Attachment,
  PostableMessageType,
  Ticket,
  TicketHandle,
  TicketState,
} from '../../../../src/client/index.ts';
import { Icon } from '../../components/icons.tsx';
import { useReport } from '../../components/toasts.tsx';
import { useTexts } from '../../language/language.tsx';
import { useSignedIn } from '../../session/signed-in.tsx';
import { UploadList } from './upload-list.tsx';
import type { Uploads } from './use-uploads.ts';

interface Props {
  readonly handle: TicketHandle;
  readonly state: TicketState;
  readonly ticket: Ticket;
  readonly uploads: Uploads;
}

/** The server's limits: characters, and files of a message. */
const LONGEST = 10_000;
const MOST_FILES = 10;

export function Composer({ handle, state, ticket, uploads }: Props) {
  const texts = useTexts();
  const { isStaff, desk } = useSignedIn();
  const report = useReport();
  const [text, setText] = useState(() => desk.drafts.get(handle.id) ?? '');
  const [isNote, setIsNote] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const ready = uploads.all.flatMap(({ attachment }) => attachment ?? []);
  const tooMany = uploads.all.length > MOST_FILES;
  const isReady = ready.length === uploads.all.length && !tooMany;
  const canSend = (text.trim() !== '' || ready.length > 0) && isReady;
  const isClosed = ticket.status === 'closed';

  function write(written: string): void {
    setText(written);
    desk.drafts.set(handle.id, written);
    handle.typing(written !== '', { internal: isNote });
  }

  function send(event?: FormEvent): void {
    event?.preventDefault();
    if (!canSend) return;
    const files = ready.length > 0 && { attachments: ready, messageType: typeOf(ready) };
    handle.post({ message: text.trim(), ...files, ...(isNote && { internal: true }) }).catch(report);
    setText('');
    desk.drafts.delete(handle.id);
    uploads.clear();
    field.current?.focus();
  }

  function key(event: KeyboardEvent): void {
    // During composition with an input method, Enter only accepts the composed text.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  }

  if (isClosed) return <p className="composer-closed">{texts.chat.closed}</p>;
  const label = isNote ? texts.chat.writeNote : texts.chat.write;
  return (
    <form className={isNote ? 'composer is-note' : 'composer'} onSubmit={send}>
      <Typing state={state} />
      <UploadList uploads={uploads} />
      {tooMany && (
        <p className="problem" role="alert">
          {texts.chat.tooMany(MOST_FILES)}
        </p>
      )}
      <textarea
        ref={field}
        className="composer-text"
        dir="auto"
        rows={1}
        maxLength={LONGEST}
        aria-label={label}
        placeholder={label}
        value={text}
        onChange={({ target }) => write(target.value)}
        onKeyDown={key}
        onBlur={() => handle.typing(false)}
        onPaste={({ clipboardData }) => uploads.add([...clipboardData.files])}
      />
      <div className="composer-bar">
        {isStaff && <Kind isNote={isNote} onChoose={setIsNote} />}
        <AttachButton onFiles={uploads.add} />
        <span className="spread" />
        <button type="submit" className="button main" disabled={!canSend}>
          <Icon name={isNote ? 'lock' : 'send'} />
          {isNote ? texts.chat.sendNote : texts.chat.send}
        </button>
      </div>
    </form>
  );
}

function typeOf(attachments: readonly Attachment[]): PostableMessageType {
  return attachments.every(({ mimeType }) => mimeType.startsWith('image/')) ? 'IMAGE' : 'FILE';
}

function Typing({ state }: { readonly state: TicketState }) {
  const texts = useTexts();
  const names = state.typing.map(({ userName }) => userName);
  return (
    <p className="typing" role="status">
      {names.length > 0 && (
        <>
          <span className="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          <span dir="auto">{texts.chat.typing(names)}</span>
        </>
      )}
    </p>
  );
}

interface KindProps {
  readonly isNote: boolean;
  readonly onChoose: (isNote: boolean) => void;
}

function Kind({ isNote, onChoose }: KindProps) {
  const texts = useTexts();
  const name = useId();
  return (
    <fieldset className="kind">
      <legend className="unseen">{texts.chat.mode}</legend>
      <div className="segments">
        <label>
          <input className="unseen" type="radio" name={name} checked={!isNote} onChange={() => onChoose(false)} />
          {texts.chat.replyMode}
        </label>
        <label className="for-notes" title={texts.chat.noteHint}>
          <input className="unseen" type="radio" name={name} checked={isNote} onChange={() => onChoose(true)} />
          <Icon name="lock" />
          {texts.chat.noteMode}
        </label>
      </div>
    </fieldset>
  );
}

function AttachButton({ onFiles }: { readonly onFiles: (files: readonly File[]) => void }) {
  const texts = useTexts();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={texts.chat.attach}
        onChange={({ target }) => {
          onFiles([...(target.files ?? [])]);
          target.value = '';
        }}
      />
      <button
        type="button"
        className="button plain square"
        aria-label={texts.chat.attach}
        title={texts.chat.attach}
        onClick={() => input.current?.click()}
      >
        <Icon name="clip" />
      </button>
    </>
  );
}
