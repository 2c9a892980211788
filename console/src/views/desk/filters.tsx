/** The filters of the ticket list. */
import { CATEGORIES, STATUSES } from '../../choices.ts';
import { useWatched } from '../../components/watch.ts';
import type { Filter } from '../../desk/list-model.ts';
import { useTexts } from '../../language/language.tsx';
import { PersonPicker } from '../../people/person-picker.tsx';
import { useSignedIn } from '../../session/signed-in.tsx';

export function Filters() {
  const texts = useTexts();
  const { desk, isStaff } = useSignedIn();
  const { filter } = useWatched(desk.list);

  function choose<Key extends keyof Filter>(key: Key, value: Filter[Key] | undefined): void {
    const { [key]: _, ...others } = desk.list.state.filter;
    desk.list.filter(value === undefined ? others : { ...others, [key]: value });
  }

  return (
    <fieldset className="filters">
      <legend className="unseen">{texts.tickets.filters}</legend>
      <select
        className="input small"
        aria-label={texts.tickets.statusFilter}
        value={filter.status ?? ''}
        onChange={({ target }) =>
          choose(
            'status',
            STATUSES.find((status) => status === target.value),
          )
        }
      >
        <option value="">{texts.tickets.anyStatus}</option>
        {STATUSES.map((status) => (
          <option key={status} value={status}>
            {texts.status[status]}
          </option>
        ))}
      </select>
      {isStaff && <AssigneeFilter value={filter.assigneeId} onChoose={(id) => choose('assigneeId', id)} />}
      <select
        className="input small"
        aria-label={texts.tickets.categoryFilter}
        value={filter.category ?? ''}
        onChange={({ target }) =>
          choose(
            'category',
            CATEGORIES.find((category) => category === target.value),
          )
        }
      >
        <option value="">{texts.tickets.anyCategory}</option>
        {CATEGORIES.map((category) => (
          <option key={category} value={category}>
            {texts.category[category]}
          </option>
        ))}
      </select>
      <label className="toggle">
        <input
          type="checkbox"
          checked={filter.unread === true}
          onChange={({ target }) => choose('unread', target.checked ? true : undefined)}
        />
        {texts.tickets.unreadOnly}
      </label>
    </fieldset>
  );
}

interface AssigneeFilterProps {
  readonly value: string | undefined;
  readonly onChoose: (id: string | undefined) => void;
}

function AssigneeFilter({ value, onChoose }: AssigneeFilterProps) {
  const texts = useTexts();
  const { me, desk } = useSignedIn();
  const fixed = [
    { value: '', name: texts.tickets.anyAssignee },
    { value: me.id, name: texts.tickets.mine },
  ];
  const chosen = fixed.find((one) => one.value === (value ?? ''))?.name ?? desk.nameOf(value ?? '');
  return (
    <PersonPicker
      label={texts.tickets.assigneeFilter}
      chosen={chosen}
      fixed={fixed}
      onChoose={(id) => onChoose(id === '' ? undefined : id)}
    />
  );
}
