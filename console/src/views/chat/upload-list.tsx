/** The files of the message that is being written, with their progress and a button to remove each. */

import { DeskwireError } from '../../../../src/client/index.ts';
import { LIMITS } from '../../../../src/contract/limits.ts';
import { Icon } from '../../components/icons.tsx';
import type { Texts } from '../../language/en.ts';
import type { Formats } from '../../language/formats.ts';
import { useFormats, useTexts } from '../../language/language.tsx';
import type { Draft, DraftFile, UploadFailure } from '../../writing/drafts.ts';

interface Props {
  readonly files: readonly DraftFile[];
  readonly draft: Pick<Draft, 'retry' | 'remove'>;
}

export function UploadList({ files, draft }: Props) {
  if (files.length === 0) return null;
  return (
    <ul className="uploads">
      {files.map((file) => (
        <UploadCard key={file.key} upload={file} draft={draft} />
      ))}
    </ul>
  );
}

function UploadCard({ upload, draft }: { readonly upload: DraftFile; readonly draft: Props['draft'] }) {
  const texts = useTexts();
  const formats = useFormats();
  const { key, name, size, previewUrl, progress, attachment, failure } = upload;
  return (
    <li className={failure === undefined ? 'upload' : 'upload has-failed'}>
      {previewUrl === undefined ? <Icon name="file" /> : <img src={previewUrl} alt="" />}
      <span className="upload-what">
        <span className="one-line" dir="auto">
          {name}
        </span>
        {failure !== undefined && (
          <span className="small" role="alert">
            <span className="unseen">{texts.chat.uploadFailed(name)}: </span>
            {explained(failure, texts, formats)}
          </span>
        )}
        {failure === undefined && attachment !== undefined && size !== undefined && (
          <span className="muted small">{formats.size(size)}</span>
        )}
        {failure === undefined && attachment === undefined && (
          <progress value={progress} max={1} aria-label={texts.chat.uploading(name)} />
        )}
      </span>
      {failure !== undefined && mayPass(failure) && (
        <button
          type="button"
          className="button plain square"
          aria-label={texts.tryAgain}
          onClick={() => draft.retry(key)}
        >
          <Icon name="refresh" />
        </button>
      )}
      <button
        type="button"
        className="button plain square"
        aria-label={texts.chat.removeFile(name)}
        onClick={() => draft.remove(key)}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}

/** Errors after which a retry may succeed; the server's other refusals are final. */
const PASSING: ReadonlySet<string> = new Set(['unreachable', 'unavailable', 'rate_limited', 'internal', 'bad_answer']);

function mayPass(failure: UploadFailure): boolean {
  if (failure.reason !== 'refused') return false;
  return !(failure.error instanceof DeskwireError) || PASSING.has(failure.error.code);
}

function explained(failure: UploadFailure, { chat }: Texts, { number }: Formats): string {
  switch (failure.reason) {
    case 'too_large':
      return chat.tooLarge(number(LIMITS.fileBytes / 1_048_576));
    case 'interrupted':
      return chat.interrupted;
    case 'refused':
      return failure.error instanceof Error ? failure.error.message : String(failure.error);
  }
}
