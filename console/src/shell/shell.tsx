/** The frame around every view (navigation, connection, account) and the current view. */
import { Component, type ReactNode, Suspense, useEffect, useMemo } from 'react';
import { Mark } from '../components/icons.tsx';
import { Empty, Loading } from '../components/states.tsx';
import { useWatched } from '../components/watch.ts';
import { useTexts } from '../language/language.tsx';
import type { Preferences } from '../preferences.ts';
import { useRouter } from '../routing/router.tsx';
import { match } from '../routing/routes.ts';
import { useViews, type View, ViewsContext } from '../routing/view.ts';
import { useSignedIn } from '../session/signed-in.tsx';
import { viewsFor } from '../views/views.ts';
import { AccountMenu } from './account-menu.tsx';
import { ConnectionHint, ConnectionIndicator } from './connection.tsx';
import { Navigation } from './navigation.tsx';

interface Props {
  readonly preferences: Preferences;
  readonly onPrefer: (preferences: Preferences) => void;
  readonly onSignOut: () => void;
}

export function Shell({ preferences, onPrefer, onSignOut }: Props) {
  const texts = useTexts();
  const { me } = useSignedIn();
  const views = useMemo(() => viewsFor(me), [me]);
  return (
    <ViewsContext value={views}>
      <div className="shell">
        <a className="skip" href="#content">
          {texts.skip}
        </a>
        <header className="rail">
          <Mark />
          <Navigation />
          <ConnectionIndicator />
          <AccountMenu preferences={preferences} onPrefer={onPrefer} onSignOut={onSignOut} />
        </header>
        <div className="stage">
          <ConnectionHint />
          <main id="content" className="content" tabIndex={-1}>
            <CurrentView />
          </main>
        </div>
      </div>
    </ViewsContext>
  );
}

/** Sets the tab's title: the view, and the number of unread notifications. */
function useTitle(label: string | undefined): void {
  const texts = useTexts();
  const { unread } = useWatched(useSignedIn().client.inbox);
  useEffect(() => {
    const where = label === undefined ? texts.product : `${label} · ${texts.product}`;
    document.title = unread > 0 ? `(${unread}) ${where}` : where;
  }, [label, texts, unread]);
}

function CurrentView() {
  const texts = useTexts();
  const { path } = useRouter();
  const views = useViews();
  const isHere = ({ paths }: View) => paths.some((pattern) => match(pattern, path) !== undefined);
  useTitle(views.find(isHere)?.link?.label(texts));
  for (const { paths, Page } of views) {
    const params = paths.map((pattern) => match(pattern, path)).find((found) => found !== undefined);
    if (params === undefined) continue;
    return (
      <Fallible key={paths[0]} title={texts.broken} again={texts.tryAgain}>
        <Suspense fallback={<Loading />}>
          <Page params={params} path={path} />
        </Suspense>
      </Fallible>
    );
  }
  return <Empty icon="search" title={texts.notThere} hint={texts.notThereHint} />;
}

interface FallibleProps {
  readonly title: string;
  readonly again: string;
  readonly children: ReactNode;
}

/**
 * Catches an error of a view, so that the frame stays. The view's code may have changed on the server meanwhile, so its
 * button reloads the page. React offers error boundaries for classes only.
 */
class Fallible extends Component<FallibleProps, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    const { title, again, children } = this.props;
    if (!this.state.failed) return children;
    return (
      <Empty icon="warning" title={title}>
        <button type="button" className="button" onClick={() => location.reload()}>
          {again}
        </button>
      </Empty>
    );
  }
}
