/** The user's notifications, newest first. Reading one here marks it as read on all of the user's devices. */
import { useEffect, useState } from 'react';
import type { Notification } from '../../../../src/client/index.ts';
import { Icon, type IconName } from '../../components/icons.tsx';
import { Empty, Loading } from '../../components/states.tsx';
import { useReport } from '../../components/toasts.tsx';
import { useIsShown } from '../../components/use-is-shown.ts';
import { useNow } from '../../components/use-now.ts';
import { useWatched } from '../../components/watch.ts';
import { useFormats, useTexts } from '../../language/language.tsx';
import { wordsOf } from '../../language/notification-words.ts';
import { Link } from '../../routing/router.tsx';
import { useSignedIn } from '../../session/signed-in.tsx';

export default function InboxPage() {
  const texts = useTexts();
  const report = useReport();
  const { client } = useSignedIn();
  const { inbox } = client;
  const { notifications, unread, unseen, hasOlder, status } = useWatched(inbox);
  const isShown = useIsShown();
  const isNew = unseen > 0 && isShown && status === 'live';
  useEffect(() => {
    if (isNew) inbox.markSeen().catch(report);
  }, [inbox, isNew, report]);
  const [onlyUnread, setOnlyUnread] = useState(false);
  const shown = onlyUnread ? notifications.filter(({ read }) => !read) : notifications;
  return (
    <section className="inbox" aria-labelledby="inbox-title">
      <div className="pane-head">
        <h1 id="inbox-title">{texts.inbox.title}</h1>
        <span className="muted small" aria-live="polite">
          {unread > 0 && texts.inbox.unread(unread)}
        </span>
        <span className="spread" />
        <button
          type="button"
          className="button"
          disabled={unread === 0}
          onClick={() => void inbox.markAllRead().catch(report)}
        >
          <Icon name="checks" />
          {texts.inbox.markAll}
        </button>
      </div>
      <Which onlyUnread={onlyUnread} onChoose={setOnlyUnread} />
      <div className="inbox-list">
        {shown.length === 0 && <Nothing status={status} onlyUnread={onlyUnread} />}
        <ul>
          {shown.map((notification) => (
            <Entry key={notification.id} notification={notification} />
          ))}
        </ul>
        {hasOlder && (
          <button type="button" className="button more" onClick={() => void inbox.loadOlder().catch(report)}>
            {texts.inbox.older}
          </button>
        )}
      </div>
    </section>
  );
}

interface WhichProps {
  readonly onlyUnread: boolean;
  readonly onChoose: (onlyUnread: boolean) => void;
}

function Which({ onlyUnread, onChoose }: WhichProps) {
  const texts = useTexts();
  return (
    <fieldset className="inbox-which">
      <legend className="unseen">{texts.inbox.show}</legend>
      <div className="segments">
        {[false, true].map((unread) => (
          <label key={String(unread)}>
            <input
              className="unseen"
              type="radio"
              name="inbox-which"
              checked={onlyUnread === unread}
              onChange={() => onChoose(unread)}
            />
            {unread ? texts.inbox.onlyUnread : texts.inbox.everything}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Nothing({ status, onlyUnread }: { readonly status: string; readonly onlyUnread: boolean }) {
  const { inbox } = useTexts();
  if (status === 'loading') return <Loading />;
  return onlyUnread ? (
    <Empty icon="check" title={inbox.allRead} hint={inbox.allReadHint} />
  ) : (
    <Empty icon="bell" title={inbox.none} hint={inbox.noneHint} />
  );
}

const ICONS: Readonly<Record<string, IconName>> = {
  support_ticket_created: 'plus',
  support_ticket_updated: 'refresh',
  support_ticket_resolved: 'check',
  support_ticket_deleted: 'close',
  support_ticket_assigned: 'user',
  support_message_new: 'chat',
};

function Entry({ notification }: { readonly notification: Notification }) {
  const texts = useTexts();
  const formats = useFormats();
  const report = useReport();
  const { client } = useSignedIn();
  const { id, type, timestamp, read, data } = notification;
  const { title, message } = wordsOf(notification, texts.inbox.words);
  const markRead = () => void client.inbox.markRead([id]).catch(report);
  const what = (
    <>
      <span className="entry-title one-line" dir="auto">
        {!read && <span className="unseen">{texts.inbox.new}: </span>}
        {title}
      </span>
      <span className="entry-text aligned" dir="auto">
        {message}
      </span>
      {typeof data.support_id === 'number' && (
        <span className="entry-about">
          {texts.tickets.number(data.support_id)}
          <span className="one-line" dir="auto">
            {typeof data.description === 'string' && data.description}
          </span>
        </span>
      )}
    </>
  );
  return (
    <li className={read ? 'entry' : 'entry is-unread'}>
      <span className={`entry-icon ${type}`}>
        <Icon name={ICONS[type] ?? 'bell'} />
      </span>
      {typeof data.ticketId === 'string' && type !== 'support_ticket_deleted' ? (
        <Link to={`/tickets/${data.ticketId}`} className="entry-what" onClick={read ? undefined : markRead}>
          {what}
        </Link>
      ) : (
        <div className="entry-what">{what}</div>
      )}
      <time className="muted small" dateTime={timestamp} title={formats.full(timestamp)}>
        {formats.brief(timestamp, useNow())}
      </time>
      <span className="entry-act">
        {!read && (
          <button
            type="button"
            className="button plain square"
            aria-label={`${texts.inbox.markOne}: ${title}`}
            title={texts.inbox.markOne}
            onClick={markRead}
          >
            <Icon name="check" />
          </button>
        )}
      </span>
    </li>
  );
}
