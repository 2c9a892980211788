/** Tests the web addresses that are found in messages. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { piecesOf } from '../../../console/src/writing/links.ts';

const links = (text: string) =>
  piecesOf(text)
    .filter(({ isLink }) => isLink)
    .map((piece) => piece.text);

it.each([
  ['See https://a.example/x?y=1, please.', ['https://a.example/x?y=1']],
  ['(http://a.example) and <https://b.example/>', ['http://a.example', 'https://b.example/']],
  ['javascript:alert(1) data:text/html,x //c.example', []],
  [
    'https://en.example/wiki/A_(b) and (https://a.example/x_(y))',
    ['https://en.example/wiki/A_(b)', 'https://a.example/x_(y)'],
  ],
  ['راجع https://a.example/x، أو https://b.example؟', ['https://a.example/x', 'https://b.example']],
  ['请看https://a.example/x。', ['https://a.example/x']],
  ['请看 https://a.example/x。谢谢', ['https://a.example/x']],
  ['HTTPS://A.EXAMPLE/x', ['HTTPS://A.EXAMPLE/x']],
  ['https://bank.example@evil.example/ https://a:b@evil.example', []],
  ['https://a.example/\u202egnp.exe', ['https://a.example/']],
  ['https://a.example/\u200b\u2066x', ['https://a.example/']],
  ['javascript:https://a.example xhttps://b.example', ['https://a.example']],
  ['https://', []],
  ['http://[not-an-address', []],
])('finds them in %s', (text, found) => {
  expect(links(text)).toEqual(found);
});

it('keeps every character of any text', () => {
  const words = fc.constantFrom('https://a.example/', 'http://', 'x', ' ', '\n', '.', '<b>', 'é', '"');
  fc.assert(
    fc.property(fc.array(words), (parts) => {
      const text = parts.join('');
      const pieces = piecesOf(text);
      expect(pieces.map((piece) => piece.text).join('')).toBe(text);
      for (const address of links(text)) expect(address).toMatch(/^https?:/i);
    }),
  );
});
