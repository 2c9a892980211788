/** A ticket's fields and its people. Staff can change the fields here. */
import { useId, useState } from 'react';
import type { ChangeTicket, Participant, Ticket, TicketHandle } from '../../../../src/client/index.ts';
import { CATEGORIES, PRIORITIES, STATUSES } from '../../choices.ts';
import { Avatar } from '../../components/avatar.tsx';
import { Icon } from '../../components/icons.tsx';
import { useReport } from '../../components/toasts.tsx';
import { useFormats, useTexts } from '../../language/language.tsx';
import { PersonPicker } from '../../people/person-picker.tsx';
import { useSignedIn } from '../../session/signed-in.tsx';

interface Props {
  readonly handle: TicketHandle;
  readonly ticket: Ticket;
  readonly people: readonly Participant[];
  readonly onClose: () => void;
}

export function Details({ handle, ticket, people, onClose }: Props) {
  const texts = useTexts();
  const { isStaff } = useSignedIn();
  return (
    <aside className="details" aria-label={texts.ticket.details}>
      <div className="details-head">
        <h2>{texts.ticket.details}</h2>
        <button type="button" className="button plain square details-close" aria-label={texts.close} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      {isStaff ? <Choices handle={handle} ticket={ticket} people={people} /> : <Plain ticket={ticket} />}
      <Facts ticket={ticket} />
      <People people={people} />
    </aside>
  );
}

function Choices({ handle, ticket, people }: Pick<Props, 'handle' | 'ticket' | 'people'>) {
  const texts = useTexts();
  const { me, desk } = useSignedIn();
  const [pending, setPending] = useState<ChangeTicket>({});
  const report = useReport();
  const shown = { ...ticket, ...pending };
  const isClosed = ticket.status === 'closed';

  async function change(changes: ChangeTicket): Promise<void> {
    setPending((before) => ({ ...before, ...changes }));
    try {
      await handle.change(changes);
    } catch (error) {
      report(error);
    } finally {
      // A later choice of the same field waits for its own answer.
      setPending((before) => without(before, changes));
    }
  }

  const { assigneeId } = shown;
  const nameOf = (id: string) => people.find(({ userId }) => userId === id)?.name ?? desk.nameOf(id);
  const choose = (changes: ChangeTicket) => void change(changes);
  return (
    <fieldset className="details-choices" disabled={isClosed}>
      <legend className="unseen">{texts.ticket.details}</legend>
      <Choice
        label={texts.ticket.status}
        value={shown.status}
        options={STATUSES.map((value) => ({ value, name: texts.status[value] }))}
        onChoose={(status) => choose({ status })}
      />
      <div className="details-choice">
        <span className="details-label">{texts.ticket.assignee}</span>
        <PersonPicker
          label={texts.ticket.assignee}
          chosen={assigneeId == null ? texts.ticket.nobody : nameOf(assigneeId)}
          fixed={[{ value: '', name: texts.ticket.nobody }]}
          disabled={isClosed}
          onChoose={(id) => choose({ assigneeId: id === '' ? null : id })}
        />
      </div>
      {assigneeId !== me.id && !isClosed && (
        <button type="button" className="button link" onClick={() => choose({ assigneeId: me.id })}>
          {texts.ticket.takeIt}
        </button>
      )}
      <Choice
        label={texts.ticket.priority}
        value={shown.priority}
        options={PRIORITIES.map((value) => ({ value, name: texts.priority[value] }))}
        onChoose={(priority) => choose({ priority })}
      />
      <Choice
        label={texts.ticket.category}
        value={shown.category}
        options={CATEGORIES.map((value) => ({ value, name: texts.category[value] }))}
        onChoose={(category) => choose({ category })}
      />
    </fieldset>
  );
}

function without(pending: ChangeTicket, done: ChangeTicket): ChangeTicket {
  const isDone = ([field, value]: [string, unknown]) => done[field as keyof ChangeTicket] === value;
  return Object.fromEntries(Object.entries(pending).filter((entry) => !isDone(entry)));
}

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly { readonly value: Value; readonly name: string }[];
  readonly onChoose: (value: Value) => void;
}

function Choice<Value extends string>({ label, value, options, onChoose }: ChoiceProps<Value>) {
  const id = useId();
  return (
    <div className="details-choice">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="input small"
        value={value}
        onChange={({ target }) => onChoose(options.find((one) => one.value === target.value)?.value ?? value)}
      >
        {options.map((one) => (
          <option key={one.value} value={one.value}>
            {one.name}
          </option>
        ))}
      </select>
    </div>
  );
}

function Plain({ ticket }: { readonly ticket: Ticket }) {
  const texts = useTexts();
  return (
    <dl className="facts">
      <dt>{texts.ticket.status}</dt>
      <dd>{texts.status[ticket.status]}</dd>
      <dt>{texts.ticket.priority}</dt>
      <dd>{texts.priority[ticket.priority]}</dd>
      <dt>{texts.ticket.category}</dt>
      <dd>{texts.category[ticket.category]}</dd>
    </dl>
  );
}

function Facts({ ticket }: { readonly ticket: Ticket }) {
  const texts = useTexts();
  const formats = useFormats();
  return (
    <dl className="facts">
      <dt>{texts.ticket.requester}</dt>
      <dd dir="auto">{ticket.requesterName}</dd>
      {ticket.stationName !== null && (
        <>
          <dt>{texts.ticket.station}</dt>
          <dd dir="auto">{ticket.stationName}</dd>
        </>
      )}
      {ticket.tags.length > 0 && (
        <>
          <dt>{texts.ticket.tags}</dt>
          <dd dir="auto">{formats.list(ticket.tags)}</dd>
        </>
      )}
      <dt>{texts.ticket.opened}</dt>
      <dd>{formats.full(ticket.createdAt)}</dd>
      <dt>{texts.ticket.updated}</dt>
      <dd>{formats.full(ticket.updatedAt)}</dd>
    </dl>
  );
}

function People({ people }: { readonly people: readonly Participant[] }) {
  const texts = useTexts();
  const { me } = useSignedIn();
  return (
    <section className="people" aria-labelledby="people-title">
      <h3 id="people-title">{texts.ticket.people}</h3>
      <ul>
        {people.map(({ userId, name, role, online }) => (
          <li key={userId} className="person">
            <Avatar name={name} online={online} />
            <span className="person-name">
              <span className="one-line">
                <bdi>{name}</bdi>
                {userId === me.id && <span className="muted"> ({texts.chat.you})</span>}
              </span>
              <span className="muted small">
                {texts.roles[role]}
                <span className="unseen">, {online ? texts.ticket.online : texts.ticket.offline}</span>
              </span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
