/**
 * All views. To add one, write its folder and add a line here: its paths, the users who may see it, and, if it has a
 * link in the navigation or on a ticket, its label.
 */
import { lazy } from 'react';
import type { Me } from '../../../src/client/index.ts';
import { mayOperate } from '../../../src/domain/access.ts';
import { isStaff } from '../../../src/domain/user/identity.ts';
import type { View } from '../routing/view.ts';
import { DeskPage } from './desk/desk-page.tsx';

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
