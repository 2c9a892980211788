/**
 * Every view there is. To add one, write its folder and put a line here: where it is, who it is for, and, if it is to be found
 * by them, what it is called in the navigation or on a ticket.
 */
import { type ComponentType, lazy } from 'react';
import type { Me } from '../../../src/client/index.ts';
import { mayOperate } from '../../../src/domain/access.ts';
import { isStaff } from '../../../src/domain/user/identity.ts';
import type { IconName } from '../components/icons.tsx';
import type { Texts } from '../language/en.ts';
import type { Params } from '../routing/routes.ts';
import { DeskPage } from './desk/desk-page.tsx';

export interface View {
  /** Patterns of `routes.ts`; the first is where its link leads. */
  readonly paths: readonly [string, ...string[]];
  readonly Page: ComponentType<{ readonly params: Params; readonly path: string }>;
  /** Who sees it; everyone when absent. */
  readonly isFor?: (me: Me) => boolean;
  readonly link?: {
    /** `ticket`: on each ticket, whose id is `:ticketId` in the path. */
    readonly place: 'navigation' | 'ticket';
    readonly icon: IconName;
    readonly label: (texts: Texts) => string;
    readonly badge?: 'inbox';
  };
}

const InboxPage = lazy(() => import('./inbox/inbox-page.tsx'));
const OperationsPage = lazy(() => import('./operations/operations-page.tsx'));
const TimelinePage = lazy(() => import('./timeline/timeline-page.tsx'));

export const VIEWS: readonly View[] = [
  {
    paths: ['/tickets', '/', '/tickets/new', '/tickets/:ticketId'],
    Page: DeskPage,
    link: { place: 'navigation', icon: 'tickets', label: ({ navigation }) => navigation.tickets },
  },
  {
    paths: ['/inbox'],
    Page: InboxPage,
    link: { place: 'navigation', icon: 'bell', label: ({ navigation }) => navigation.inbox, badge: 'inbox' },
  },
  {
    paths: ['/operations'],
    Page: OperationsPage,
    isFor: (me) => mayOperate({ ...me, active: true }),
    link: { place: 'navigation', icon: 'pulse', label: ({ navigation }) => navigation.operations },
  },
  {
    paths: ['/tickets/:ticketId/timeline'],
    Page: TimelinePage,
    isFor: ({ role }) => isStaff(role),
    link: { place: 'ticket', icon: 'history', label: ({ navigation }) => navigation.timeline },
  },
];

export function viewsFor(me: Me): readonly View[] {
  return VIEWS.filter(({ isFor }) => isFor?.(me) ?? true);
}
