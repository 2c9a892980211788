/** Links to the views that this user may see. */
import { Icon } from '../components/icons.tsx';
import { useWatched } from '../components/watch.ts';
import { useFormats, useTexts } from '../language/language.tsx';
import { Link, useRouter } from '../routing/router.tsx';
import { match } from '../routing/routes.ts';
import { useViews, type View } from '../routing/view.ts';
import { useSignedIn } from '../session/signed-in.tsx';

export function Navigation() {
  const texts = useTexts();
  const views = useViews();
  return (
    <nav aria-label={texts.navigation.label} className="navigation">
      {views
        .filter(({ link }) => link?.place === 'navigation')
        .map((view) => (
          <NavigationLink key={view.paths[0]} view={view} />
        ))}
    </nav>
  );
}

function NavigationLink({ view: { paths, link } }: { readonly view: View }) {
  const texts = useTexts();
  const { path } = useRouter();
  if (link === undefined) return null;
  const isHere = paths.some((pattern) => match(pattern, path) !== undefined);
  return (
    <Link to={paths[0]} className="navigation-link" aria-current={isHere ? 'page' : undefined}>
      <Icon name={link.icon} />
      <span>{link.label(texts)}</span>
      {link.badge === 'inbox' && <InboxBadge />}
    </Link>
  );
}

const MOST = 99;

function InboxBadge() {
  const texts = useTexts();
  const formats = useFormats();
  const { client } = useSignedIn();
  const { unread, unseen } = useWatched(client.inbox);
  if (unread === 0) return null;
  return (
    <span className={unseen > 0 ? 'badge' : 'badge is-calm'}>
      <span aria-hidden="true">{unread > MOST ? `${formats.number(MOST)}+` : formats.number(unread)}</span>
      <span className="unseen">
        {texts.inbox.unread(unread)}
        {unseen > 0 && `, ${texts.inbox.unseen(unseen)}`}
      </span>
    </span>
  );
}
