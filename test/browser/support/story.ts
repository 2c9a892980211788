/** Example data for a desk: named users, tickets of every kind, and one long conversation. */
import { type Person, signInAll } from '../../conformance/people.ts';

export interface Story {
  /** The ticket with the conversation. */
  readonly ticketId: string;
}

const NAMES: Readonly<Record<string, string>> = {
  '1': 'Jonas Weber',
  '2': 'Ada Lindqvist',
  '3': 'Omar Haddad',
  '4': 'Grace Okafor',
  '5': 'Vera Castillo',
  '6': 'Olga Marin',
  '7': 'Mei Tanaka',
  '8': 'Sam Whitaker',
};

type Opened = readonly [by: Person, description: string, rest: object];
const TICKETS: readonly Opened[] = [
  ['driver2', 'Fuel card was declined twice at the station on the A7', { category: 'payment', priority: 'high' }],
  ['driver', 'The app shows yesterday’s route after the update', { category: 'technical' }],
  ['vendor', 'Invoice 2214 lists four pallets, we delivered six', { category: 'invoice', priority: 'high' }],
  ['driver2', 'شاحنتي متوقفة عند البوابة الشمالية منذ ساعة', { priority: 'urgent' }],
  ['driver', 'Please add a second phone number to my profile', { priority: 'low' }],
  ['driver2', 'Scanner at dock 3 does not read the new labels', { category: 'technical', priority: 'high' }],
  ['driver', 'When is the holiday schedule published?', { priority: 'low' }],
  ['vendor', 'Delivery slot for Thursday is missing', { category: 'other' }],
];

const TALK: readonly (readonly [by: Person, message: string, internal?: boolean])[] = [
  ['driver', 'Morning. I am at Central Station with dispatch 1 and the gate does not open for my badge.'],
  ['agent', 'Good morning Jonas, I am looking into it. Which gate are you at?'],
  ['driver', 'The northern one. The reader blinks red and then nothing happens.'],
  [
    'agent',
    'Badge system was migrated last night, see https://status.example.com/badges. His badge is not in the new list yet.',
    true,
  ],
  ['ops', 'Added it by hand, should work in a minute.', true],
  ['agent', 'Found it: your badge was missing after last night’s migration. It has been added, could you try again?'],
  ['driver', 'Green! I am through, thank you.'],
  ['agent', 'Glad to hear it. I will leave this open until you have left the yard.'],
];

export async function tellStory(url: string): Promise<Story> {
  const people = await signInAll(url, ['driver', 'driver2', 'admin', 'agent', 'vendor', 'ops'] as const);
  for (const [id, name] of Object.entries(NAMES))
    await people.admin.call('PATCH', `/api/v1/users/${id}`, 200, { name });
  // Signs in again, since tokens contain the old names.
  const named = await signInAll(url, ['driver', 'driver2', 'admin', 'agent', 'vendor', 'ops'] as const);
  const by = (who: Person) => named[who as keyof typeof named];
  const open = async (who: Person, ticket: object) =>
    String((await by(who).call('POST', '/api/v1/tickets', 201, ticket)).id);
  const opened: string[] = [];
  for (const [who, description, rest] of TICKETS) opened.push(await open(who, { description, ...rest }));
  const [fuel = '', route = '', invoice = '', , profile = ''] = opened;
  const change = (id: string, changes: object) => named.agent.call('PATCH', `/api/v1/tickets/${id}`, 200, changes);
  await change(fuel, { assigneeId: '4', status: 'pending' });
  await change(route, { status: 'resolved' });
  await change(invoice, { status: 'in_progress', assigneeId: '4' });
  await change(profile, { status: 'closed' });

  const description = 'Badge is refused at the northern gate of Central Station';
  const ticketId = await open('driver', { description, stationId: '1', priority: 'high', dispatchId: 'dispatch-1' });
  await change(ticketId, { assigneeId: '4', status: 'in_progress', tags: ['gate', 'badge'] });
  await named.agent.call('POST', `/api/v1/tickets/${ticketId}/participants`, 201, { userId: '6' });
  for (const [who, message, internal = false] of TALK) {
    await by(who).call('POST', `/api/v1/tickets/${ticketId}/messages`, 201, { message, ...(internal && { internal }) });
  }
  await named.driver2.call('POST', `/api/v1/tickets/${fuel}/messages`, 201, {
    message: 'Any news about my fuel card?',
  });
  return { ticketId };
}
