/** Tests the console's paths. */
import { expect, it } from 'vitest';
import { match, pathTo } from '../../../console/src/routing/routes.ts';

it('finds the named segments, with or without a slash at the end', () => {
  expect(match('/tickets/:ticketId', '/tickets/01a1-7c')).toEqual({ ticketId: '01a1-7c' });
  expect(match('/tickets/:ticketId/timeline', '/tickets/12/timeline/')).toEqual({ ticketId: '12' });
  expect(match('/', '/')).toEqual({});
});

it.each([
  ['/tickets', '/inbox'],
  ['/tickets', '/tickets/12'],
  ['/tickets/:ticketId', '/tickets'],
  ['/tickets/:ticketId', '/tickets/%E0%A4%A'],
])('does not take %s for %s', (pattern, path) => {
  expect(match(pattern, path)).toBeUndefined();
});

it('builds a path that matches with the same segments, whatever they contain', () => {
  const params = { ticketId: 'a/b ?#é' };
  expect(match('/tickets/:ticketId', pathTo('/tickets/:ticketId', params))).toEqual(params);
});
