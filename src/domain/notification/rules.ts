/** Who is told of what: pure rules from a ticket's events to notifications. Source: PROTOCOL.md section 3. */

export type NotificationEventName =
  | 'support:ticket:created'
  | 'support:ticket:updated'
  | 'support:ticket:resolved'
  | 'support:ticket:deleted'
  | 'support:ticket:assigned'
  | 'support:message:new';
