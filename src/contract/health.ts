/** Answers of `/livez` and `/readyz`. */
import Type from 'typebox';
import { closed, oneOf } from './schema.ts';

export const Liveness = closed({ status: oneOf(['ok']) }, { description: 'This process lives' });

const result = oneOf(['ok', 'degraded', 'failed']);
const readiness = {
  status: oneOf(['ready', 'unavailable']),
  checks: Type.Unsafe<Readonly<Record<string, Type.Static<typeof result>>>>({
    type: 'object',
    additionalProperties: result,
  }),
};
export const Ready = closed(readiness, { description: 'It can serve' });
export const NotReady = closed(readiness, { description: 'It cannot serve now' });
