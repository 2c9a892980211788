import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { createLinks } from '../../../src/attachments/links.ts';

const MINUTE = 60_000;
let time = 1_800_000_000_000;
const now = () => time;
const links = createLinks({ secret: randomBytes(32), now, baseUrl: '' });

function parametersOf(url: string) {
  const { searchParams } = new URL(url, 'http://desk');
  const viewer = searchParams.get('viewer') ?? '';
  return { viewer, expires: Number(searchParams.get('expires')), signature: searchParams.get('signature') ?? '' };
}

it('a link is valid for ten to fifteen minutes, at any time of creation', () => {
  for (let second = 0; second < 600; second += 7) {
    const made = 1_800_000_000_000 + second * 1_000;
    time = made;
    const parameters = parametersOf(links.urlFor('a', '1'));
    time = made + 10 * MINUTE - 1;
    links.verify('a', parameters);
    time = made + 15 * MINUTE;
    expect(() => links.verify('a', parameters)).toThrow('This link has expired');
  }
});

it('a link is valid for one viewer, one attachment and one key', () => {
  const parameters = parametersOf(links.urlFor('a', 'Ann & Bob?'));
  expect(parameters.viewer).toBe('Ann & Bob?');
  links.verify('a', parameters);
  const others = createLinks({ secret: randomBytes(32), now, baseUrl: '' });
  expect(() => others.verify('a', parameters)).toThrow('not valid');
  expect(() => links.verify('b', parameters)).toThrow('not valid');
  expect(() => links.verify('a', { ...parameters, viewer: 'Ann' })).toThrow('not valid');
  expect(() => links.verify('a', { ...parameters, expires: parameters.expires + 1 })).toThrow('not valid');
  expect(() => links.verify('a', { ...parameters, signature: '' })).toThrow('not valid');
});

it('a URL without a viewer is not signed, so it needs a token', () => {
  expect(links.urlFor('a')).toBe('/api/v1/attachments/a');
});
