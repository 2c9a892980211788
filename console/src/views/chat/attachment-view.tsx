/**
 * A file of a message: a picture is shown, any other file is offered for download. The file is fetched with the user's
 * token, since the links in messages expire after minutes.
 */
import { useEffect, useState } from 'react';
import type { Attachment } from '../../../../src/client/index.ts';
import { Icon } from '../../components/icons.tsx';
import { useReport } from '../../components/toasts.tsx';
import { useFormats, useTexts } from '../../language/language.tsx';
import { useSignedIn } from '../../session/signed-in.tsx';

/** Image types that browsers show and that cannot contain scripts. */
const PICTURES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);

export function AttachmentView({ attachment }: { readonly attachment: Attachment }) {
  return PICTURES.has(attachment.mimeType) ? <Picture attachment={attachment} /> : <FileLink attachment={attachment} />;
}

function Picture({ attachment }: { readonly attachment: Attachment }) {
  const { client } = useSignedIn();
  const [url, setUrl] = useState<string>();
  const [failed, setFailed] = useState(false);
  const save = useSave(attachment);
  const { id, name } = attachment;

  useEffect(() => {
    let wanted = true;
    let made: string | undefined;
    client.tickets.attachment(id).then(
      (content) => {
        if (!wanted) return;
        made = URL.createObjectURL(content);
        setUrl(made);
      },
      () => wanted && setFailed(true),
    );
    return () => {
      wanted = false;
      if (made !== undefined) URL.revokeObjectURL(made);
    };
  }, [client, id]);

  if (failed) return <FileLink attachment={attachment} />;
  return (
    <button type="button" className="picture" title={name} onClick={save}>
      {url === undefined ? <span className="spinner" /> : <img src={url} alt={name} />}
    </button>
  );
}

function FileLink({ attachment }: { readonly attachment: Attachment }) {
  const texts = useTexts();
  const formats = useFormats();
  const save = useSave(attachment);
  return (
    <button type="button" className="file" onClick={save}>
      <Icon name="file" />
      <span className="unseen">{texts.chat.attachment}: </span>
      <span className="one-line" dir="auto">
        {attachment.name}
      </span>
      <span className="file-size">{formats.size(attachment.size)}</span>
    </button>
  );
}

function useSave({ id, name }: Attachment): () => void {
  const { client } = useSignedIn();
  const report = useReport();
  return () => {
    client.tickets.attachment(id).then((content) => {
      const url = URL.createObjectURL(content);
      const link = document.createElement('a');
      link.href = url;
      link.download = name;
      link.click();
      URL.revokeObjectURL(url);
    }, report);
  };
}
