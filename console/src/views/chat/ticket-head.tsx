/** What the conversation is about, who is here, and the way to more about it. */
import type { Ticket, TicketState } from '../../../../src/client/index.ts';
import { Avatar } from '../../components/avatar.tsx';
import { Icon } from '../../components/icons.tsx';
import { StatusPill } from '../../components/pills.tsx';
import { useFormats, useTexts } from '../../language/language.tsx';
import { Link } from '../../routing/router.tsx';
import { pathTo } from '../../routing/routes.ts';
import { useViews } from '../../routing/view.ts';
import { useSignedIn } from '../../session/signed-in.tsx';

interface Props {
  readonly ticket: Ticket;
  readonly state: TicketState;
  readonly showsDetails: boolean;
  readonly onDetails: () => void;
}

/** Faces that there is room for. */
const FACES = 4;

export function TicketHead({ ticket, state, showsDetails, onDetails }: Props) {
  const texts = useTexts();
  const formats = useFormats();
  const { me } = useSignedIn();
  const views = useViews();
  const here = state.people.filter(({ online, userId }) => online && userId !== me.id);
  return (
    <header className="ticket-head">
      <Link to="/tickets" className="button plain square back" aria-label={texts.back}>
        <Icon name="back" />
      </Link>
      <div className="ticket-title">
        <h2 className="one-line" dir="auto" title={ticket.description}>
          {ticket.description}
        </h2>
        <p className="ticket-subtitle">
          <StatusPill status={ticket.status} />
          <span>{texts.tickets.number(ticket.number)}</span>
          <span className="one-line" dir="auto">
            {ticket.requesterName}
          </span>
        </p>
      </div>
      {here.length > 0 && (
        <div className="faces" title={formats.list(here.map(({ name }) => name))}>
          {here.slice(0, FACES).map(({ userId, name }) => (
            <Avatar key={userId} name={name} online />
          ))}
          <span className="unseen">
            {formats.list(here.map(({ name }) => name))}: {texts.ticket.online}
          </span>
        </div>
      )}
      <nav className="ticket-links" aria-label={texts.ticket.more}>
        {views
          .filter(({ link }) => link?.place === 'ticket')
          .map(({ paths: [path], link }) => (
            <Link
              key={path}
              to={pathTo(path, { ticketId: ticket.id })}
              className="button plain"
              aria-label={link?.label(texts)}
            >
              {link !== undefined && <Icon name={link.icon} />}
              <span>{link?.label(texts)}</span>
            </Link>
          ))}
      </nav>
      <button
        type="button"
        className="button plain square details-button"
        aria-label={texts.ticket.showDetails}
        aria-expanded={showsDetails}
        onClick={onDetails}
      >
        <Icon name="panel" />
      </button>
    </header>
  );
}
