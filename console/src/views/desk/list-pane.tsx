/** The column of the list: title, new-ticket button, search, filters, and tickets. */
import { useDeferredValue, useEffect, useState } from 'react';
import { LIMITS } from '../../../../src/contract/limits.ts';
import { Icon } from '../../components/icons.tsx';
import { Empty, Loading } from '../../components/states.tsx';
import { useWatched } from '../../components/watch.ts';
import { isFiltered } from '../../desk/list-model.ts';
import { useTexts } from '../../language/language.tsx';
import { Link } from '../../routing/router.tsx';
import { useSignedIn } from '../../session/signed-in.tsx';
import { searchable } from '../../writing/text.ts';
import { Filters } from './filters.tsx';
import { TicketRows } from './ticket-rows.tsx';

export function ListPane({ selected }: { readonly selected: string | undefined }) {
  const texts = useTexts();
  const { isStaff } = useSignedIn();
  return (
    <section className="list-pane" aria-labelledby="list-title">
      <div className="pane-head">
        <h2 id="list-title">{isStaff ? texts.tickets.title : texts.tickets.own}</h2>
        <span className="spread" />
        <Link to="/tickets/new" className="button main">
          <Icon name="plus" />
          {texts.tickets.open}
        </Link>
      </div>
      <Search />
      <Filters />
      <TicketArea selected={selected} />
    </section>
  );
}

/** Milliseconds after the last key before the search starts. */
const PAUSE = 200;

function Search() {
  const texts = useTexts();
  const { desk } = useSignedIn();
  const { filter } = useWatched(desk.list);
  const [words, setWords] = useState(filter.q ?? '');

  useEffect(() => {
    const { q: before = '', ...others } = desk.list.state.filter;
    const wanted = searchable(words, LIMITS.search);
    if (before === wanted) return;
    const timer = setTimeout(() => desk.list.filter(wanted === '' ? others : { ...others, q: wanted }), PAUSE);
    return () => clearTimeout(timer);
  }, [desk, words]);

  // The search text was cleared together with the other filters.
  const cleared = filter.q === undefined;
  useEffect(() => {
    if (cleared) setWords('');
  }, [cleared]);

  return (
    <div className="search">
      <Icon name="search" />
      <input
        className="input"
        type="search"
        dir="auto"
        placeholder={texts.tickets.search}
        aria-label={texts.tickets.search}
        value={words}
        onChange={({ target }) => setWords(target.value)}
      />
    </div>
  );
}

function TicketArea({ selected }: { readonly selected: string | undefined }) {
  const texts = useTexts();
  const { desk } = useSignedIn();
  const { tickets, status, filter, hasMore } = useWatched(desk.list);
  const shown = useDeferredValue(tickets);
  if (tickets.length > 0) {
    return <TicketRows tickets={shown} selected={selected} hasMore={hasMore} onEnd={desk.list.loadMore} />;
  }
  if (status === 'loading') return <Loading />;
  if (status === 'failed') {
    return (
      <Empty icon="warning" title={texts.connection.offline}>
        <button type="button" className="button" onClick={desk.list.refresh}>
          {texts.tryAgain}
        </button>
      </Empty>
    );
  }
  if (!isFiltered(filter)) return <Empty icon="tickets" title={texts.tickets.none} hint={texts.tickets.noneHint} />;
  return (
    <Empty icon="search" title={texts.tickets.noMatch} hint={texts.tickets.noMatchHint}>
      <button type="button" className="button" onClick={() => desk.list.filter({})}>
        {texts.tickets.clear}
      </button>
    </Empty>
  );
}
