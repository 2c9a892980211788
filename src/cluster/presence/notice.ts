/**
 * The notices by which a process publishes its presence. There is one notice per shard of the places. So a change sends
 * little, and renewals are spread over time. A notice has a number that grows with each change of its shard. A notice
 * that is only published again is recognised by its first line.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { hashOf } from '../rendezvous.ts';
import type { Person, Place } from './roster.ts';

/** With 10,000 sockets a notice is some 5 KB. A renewal every ten seconds is 26 notices a second. */
export const SHARDS = 256;

/** By place, the names of the users there by their ids. */
export type Content = Map<Place, Map<string, string>>;

export interface Notice {
  readonly node: string;
  readonly shard: number;
  readonly number: number;
  /** Throws if the content is not readable. */
  content(): Content;
}

/** The place `online` has many users, so it is divided by user. Any other place is in one shard as a whole. */
export function shardOf(place: Place, { id }: Pick<Person, 'id'>): number {
  return hashOf(place === 'online' ? id : place) % SHARDS;
}

export function textOf(node: string, shard: number, number: number, content: Content): string {
  const places = [...content].map(([place, people]) => [place, [...people]]);
  return `${node} ${shard} ${number}\n${JSON.stringify(places)}`;
}

/** Names are not checked again: the process that publishes them has checked them. */
const placesSchema = Compile(
  Type.Array(
    Type.Tuple([
      Type.Unsafe<Place>(Type.String({ pattern: '^(online$|ticket:|room:)' })),
      Type.Array(Type.Tuple([Type.String(), Type.String()])),
    ]),
  ),
);

/** Undefined if the text is not a notice. */
export function noticeIn(text: string): Notice | undefined {
  const [, node, shard, number] = /^(\S+) (\d{1,3}) (\d{1,15})\n/.exec(text) ?? [];
  if (node === undefined || Number(shard) >= SHARDS) return undefined;
  return {
    node,
    shard: Number(shard),
    number: Number(number),
    content() {
      const places: unknown = JSON.parse(text.slice(text.indexOf('\n') + 1));
      if (!placesSchema.Check(places)) throw new Error(`the notice ${shard} of ${node} cannot be read`);
      return new Map(places.map(([place, people]) => [place, new Map(people)]));
    },
  };
}
