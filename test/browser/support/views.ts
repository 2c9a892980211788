/** Every view of the console: its user, its path, and a selector of its content. */
export interface ShownView {
  readonly name: string;
  readonly who: 'staff' | 'requester' | 'nobody';
  readonly path: string;
  /** A selector. On a phone, its element may be out of sight. */
  readonly ready: string;
}

/** `ticketId`: the ticket with a conversation. */
export function viewsOf(ticketId: string): readonly ShownView[] {
  const ticket = `/tickets/${ticketId}`;
  return [
    { name: 'sign-in', who: 'nobody', path: '/', ready: '.sign-in' },
    { name: 'desk', who: 'staff', path: ticket, ready: '.message.is-note' },
    { name: 'tickets', who: 'staff', path: '/tickets', ready: '.ticket-row' },
    {
      name: 'new-ticket',
      who: 'staff',
      path: '/tickets/new',
      ready: '.desk:not(:has(.list-pane .spinner)) .new-ticket',
    },
    { name: 'requester', who: 'requester', path: ticket, ready: '.message.is-own' },
    { name: 'inbox', who: 'requester', path: '/inbox', ready: '.entry' },
    { name: 'operations', who: 'staff', path: '/operations', ready: '.client' },
    { name: 'timeline', who: 'staff', path: `${ticket}/timeline`, ready: '.timeline-step' },
  ];
}
