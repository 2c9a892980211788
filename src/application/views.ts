/** The types of answers, for the API and the gateway, which know use cases and not the read models behind them. */
export type { InboxHead, InboxSignal, NotificationView } from '../domain/notification/inbox.ts';
export type { ProjectionWaiter, UnreadRanges } from '../projections/queries/queries.ts';
