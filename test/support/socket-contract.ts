/** Checks everything that a socket receives against the dialect tables: names and closed schemas of events; acks. */
import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { Refusal as refusal } from '../../src/contract/problem.ts';
import { DIALECTS } from '../../src/gateway/dialects/all.ts';
import { catalogOf } from '../../src/gateway/dialects/catalog.ts';
import type { Dialect } from '../../src/gateway/dialects/dialect.ts';

export interface SocketContract {
  /** The violation of an event; undefined when there is none. */
  event(name: string, payload: unknown): string | undefined;
  ack(request: string, answer: unknown): string | undefined;
}

const compiled = new WeakMap<TSchema, Validator>();

/** An event with a name of no dialect is one that a service pushed over HTTP. */
export function socketContract(namespace: string, dialects: readonly Dialect[] = DIALECTS): SocketContract {
  const spoken = catalogOf(dialects).get(namespace);
  return {
    event(name, payload) {
      const schema = spoken?.events.get(name);
      return schema === undefined ? undefined : problem(`the event ${name}`, schema, payload);
    },
    ack(name, answer) {
      const { success, error, ...fields }: { success?: unknown; error?: unknown } = { ...(answer as object) };
      if (success !== true) return problem(`the refusal of ${name}`, refusal, error);
      const schema = spoken?.requests.get(name)?.reply;
      return schema === undefined ? undefined : problem(`the ack of ${name}`, schema, fields);
    },
  };
}

function problem(what: string, schema: TSchema, value: unknown): string | undefined {
  const validator = compiled.get(schema) ?? Compile(schema);
  compiled.set(schema, validator);
  if (validator.Check(value)) return undefined;
  return `${what} is not as its schema says: ${JSON.stringify(validator.Errors(value))} in ${JSON.stringify(value)}`;
}
