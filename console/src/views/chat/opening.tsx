/** The first row of a conversation: the ticket's description. */
import { memo } from 'react';
import type { Ticket } from '../../../../src/client/index.ts';
import { Avatar } from '../../components/avatar.tsx';
import { useFormats, useTexts } from '../../language/language.tsx';

export const Opening = memo(function Opening({ ticket }: { readonly ticket: Ticket }) {
  const texts = useTexts();
  const formats = useFormats();
  const { requesterName, description, createdAt } = ticket;
  return (
    <article className="opening">
      <p className="opening-who">
        <Avatar name={requesterName} />
        <strong dir="auto">{requesterName}</strong>
        <span className="muted">{texts.chat.opened}</span>
        <span className="spread" />
        <time className="muted" dateTime={createdAt}>
          {formats.full(createdAt)}
        </time>
      </p>
      <p className="message-text" dir="auto">
        {description}
      </p>
    </article>
  );
});
