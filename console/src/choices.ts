/** The values that a ticket's fields can have, in the order in which they are offered. */
import type { Category, Priority, Status } from '../../src/client/index.ts';

export const STATUSES: readonly Status[] = ['open', 'in_progress', 'pending', 'resolved', 'closed'];
export const PRIORITIES: readonly Priority[] = ['low', 'medium', 'high', 'urgent'];
export const CATEGORIES: readonly Category[] = ['general', 'technical', 'payment', 'invoice', 'other'];
