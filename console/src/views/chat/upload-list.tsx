/** The files of the message that is being written, with their progress and a button to remove each. */
import { Icon } from '../../components/icons.tsx';
import { useFormats, useTexts } from '../../language/language.tsx';
import type { Upload, Uploads } from './use-uploads.ts';

export function UploadList({ uploads }: { readonly uploads: Uploads }) {
  if (uploads.all.length === 0) return null;
  return (
    <ul className="uploads">
      {uploads.all.map((upload) => (
        <UploadCard key={upload.key} upload={upload} uploads={uploads} />
      ))}
    </ul>
  );
}

function UploadCard({ upload, uploads }: { readonly upload: Upload; readonly uploads: Uploads }) {
  const texts = useTexts();
  const formats = useFormats();
  const { key, file, previewUrl, progress, attachment, failure } = upload;
  return (
    <li className={failure === undefined ? 'upload' : 'upload has-failed'}>
      {previewUrl === undefined ? <Icon name="file" /> : <img src={previewUrl} alt="" />}
      <span className="upload-what">
        <span className="one-line" dir="auto">
          {file.name}
        </span>
        {failure !== undefined && (
          <span className="small" role="alert">
            <span className="unseen">{texts.chat.uploadFailed(file.name)}: </span>
            {failure.text}
          </span>
        )}
        {failure === undefined && attachment !== undefined && (
          <span className="muted small">{formats.size(file.size)}</span>
        )}
        {failure === undefined && attachment === undefined && (
          <progress value={progress} max={1} aria-label={texts.chat.uploading(file.name)} />
        )}
      </span>
      {failure?.again === true && (
        <button
          type="button"
          className="button plain square"
          aria-label={texts.tryAgain}
          onClick={() => uploads.retry(key)}
        >
          <Icon name="refresh" />
        </button>
      )}
      <button
        type="button"
        className="button plain square"
        aria-label={texts.chat.removeFile(file.name)}
        onClick={() => uploads.remove(key)}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}
