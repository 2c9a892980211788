/** In place of the composer of a closed ticket. A text that was not sent stays readable until the user discards it. */
import { useReport } from '../../components/toasts.tsx';
import { useWatched } from '../../components/watch.ts';
import { useTexts } from '../../language/language.tsx';
import type { Draft } from '../../writing/drafts.ts';
import { UploadList } from './upload-list.tsx';

export function ClosedDraft({ draft }: { readonly draft: Draft }) {
  const { chat } = useTexts();
  const report = useReport();
  const { text, isNote, files } = useWatched(draft);
  const label = isNote ? chat.unsentNote : chat.unsent;
  return (
    <div className={isNote ? 'composer-closed is-note' : 'composer-closed'}>
      <p>{chat.closed}</p>
      {(text !== '' || files.length > 0) && (
        <>
          <UploadList files={files} draft={draft} />
          {text !== '' && <textarea className="composer-text" dir="auto" readOnly aria-label={label} value={text} />}
          <p>{label}</p>
          <div className="actions">
            {text !== '' && navigator.clipboard !== undefined && (
              <button
                type="button"
                className="button"
                onClick={() => void navigator.clipboard.writeText(text).catch(report)}
              >
                {chat.copy}
              </button>
            )}
            <button type="button" className="button" onClick={draft.discard}>
              {chat.discard}
            </button>
          </div>
        </>
      )}
    </div>
  );
}
