/** What can be chosen for a ticket, in the order in which it is offered. */
import type { Category, Priority, Status } from '../../src/client/index.ts';

export const STATUSES: readonly Status[] = ['open', 'in_progress', 'pending', 'resolved', 'closed'];
export const PRIORITIES: readonly Priority[] = ['low', 'medium', 'high', 'urgent'];
export const CATEGORIES: readonly Category[] = ['general', 'technical', 'payment', 'invoice', 'other'];
