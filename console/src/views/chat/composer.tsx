/**
 * The field for a message or, for staff, an internal note, which requesters never see. Enter sends; Shift+Enter starts
 * a new line. A text that is too long is kept whole, and its excess can be selected.
 */
import { type FormEvent, type KeyboardEvent, useId, useRef } from 'react';
import type { Ticket, TicketHandle, TicketState } from '../../../../src/client/index.ts';
import { LIMITS } from '../../../../src/contract/limits.ts';
import { Icon } from '../../components/icons.tsx';
import { useReport } from '../../components/toasts.tsx';
import { useWatched } from '../../components/watch.ts';
import { useFormats, useTexts } from '../../language/language.tsx';
import { useSignedIn } from '../../session/signed-in.tsx';
import { paste } from '../../writing/clipboard.ts';
import type { Draft } from '../../writing/drafts.ts';
import { isSendKey } from '../../writing/keys.ts';
import { excessStart, isBlank } from '../../writing/text.ts';
import { ClosedDraft } from './closed-draft.tsx';
import { Excess } from './excess.tsx';
import { UploadList } from './upload-list.tsx';

interface Props {
  readonly handle: TicketHandle;
  readonly state: TicketState;
  readonly ticket: Ticket;
  readonly draft: Draft;
}

export function Composer({ handle, state, ticket, draft }: Props) {
  const texts = useTexts();
  const { isStaff } = useSignedIn();
  const report = useReport();
  const { text, isNote, files, isKept } = useWatched(draft);
  const field = useRef<HTMLTextAreaElement>(null);
  const excess = excessStart(text, LIMITS.message);
  const tooMany = files.length > LIMITS.attachments;
  const isUploaded = files.every(({ attachment }) => attachment !== undefined);
  const canSend = (!isBlank(text) || files.length > 0) && isUploaded && !tooMany && excess === undefined;
  if (ticket.status === 'closed') return <ClosedDraft draft={draft} />;

  function write(written: string): void {
    draft.write(written);
    handle.typing(written !== '', { internal: isNote });
  }

  function send(event?: FormEvent): void {
    event?.preventDefault();
    if (!canSend) return;
    handle.post(draft.take()).catch(report);
    field.current?.focus();
  }

  function key(event: KeyboardEvent): void {
    if (!isSendKey(event.nativeEvent)) return;
    event.preventDefault();
    send();
  }

  const label = isNote ? texts.chat.writeNote : texts.chat.write;
  return (
    <form className={isNote ? 'composer is-note' : 'composer'} onSubmit={send}>
      <Typing state={state} />
      <UploadList files={files} draft={draft} />
      {tooMany && (
        <p className="problem" role="alert">
          {texts.chat.tooMany(LIMITS.attachments)}
        </p>
      )}
      <textarea
        ref={field}
        className="composer-text"
        dir="auto"
        rows={1}
        aria-label={label}
        aria-invalid={excess !== undefined}
        placeholder={label}
        value={text}
        onChange={({ target }) => write(target.value)}
        onKeyDown={key}
        onBlur={() => handle.typing(false)}
        onPaste={(event) => paste(event.nativeEvent, draft.attach)}
      />
      <Excess text={text} most={LIMITS.message} start={excess} field={field} />
      {!isKept && <p className="composer-hint">{texts.chat.notKept}</p>}
      <div className="composer-bar">
        {(isStaff || isNote) && <Kind isNote={isNote} onChoose={draft.chooseMode} />}
        <AttachButton onFiles={draft.attach} />
        <span className="spread" />
        <button type="submit" className="button main" disabled={!canSend}>
          <Icon name={isNote ? 'lock' : 'send'} />
          {isNote ? texts.chat.sendNote : texts.chat.send}
        </button>
      </div>
    </form>
  );
}

function Typing({ state }: { readonly state: TicketState }) {
  const texts = useTexts();
  const formats = useFormats();
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
          <span>{texts.chat.typing(formats.list(names), names.length)}</span>
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
