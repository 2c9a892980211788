/**
 * What a process tells the others of who is with it: one notice for each shard of its places, so that a change sends a
 * little and a renewal can be spread over time. A notice has a number that grows with each change of its shard: one
 * that was heard already, however often it is put up again, is recognized by its first line alone.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { hashOf } from '../rendezvous.ts';
import type { Person, Place } from './roster.ts';

/** With 10,000 sockets a shard of theirs is some 5 KB, and a renewal within ten seconds is 26 notices a second. */
export const SHARDS = 256;

/** Names of users by their ids, by place. */
export type Content = Map<Place, Map<string, string>>;

export interface Notice {
  readonly node: string;
  readonly shard: number;
  readonly number: number;
  /** Throws when it is none. */
  content(): Content;
}

/** Those who are connected are many in one place; of the others, all who are in one place are in one shard. */
export function shardOf(place: Place, { id }: Pick<Person, 'id'>): number {
  return hashOf(place === 'online' ? id : place) % SHARDS;
}

export function textOf(node: string, shard: number, number: number, content: Content): string {
  const places = [...content].map(([place, people]) => [place, [...people]]);
  return `${node} ${shard} ${number}\n${JSON.stringify(places)}`;
}

/** Names are whatever they are: they were checked, or let in, where they came from. */
const placesSchema = Compile(
  Type.Array(
    Type.Tuple([
      Type.Unsafe<Place>(Type.String({ pattern: '^(online$|ticket:|room:)' })),
      Type.Array(Type.Tuple([Type.String(), Type.String()])),
    ]),
  ),
);

/** Undefined for what is not a notice. */
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
