/** The answers of queries, for the API and the gateway, which know use cases and not the read models behind them. */
export type {
  InboxHead,
  InboxSignal,
  MessagePage,
  NotificationView,
  ProjectionWaiter,
  Queries,
  UnreadRanges,
} from '../projections/queries/queries.ts';
