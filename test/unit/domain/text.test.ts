import { describe, expect, it } from 'vitest';
import { beginningOf, searchForm, textFault } from '../../../src/domain/text.ts';

describe('text', () => {
  it('may hold tab and line feed, and no other control character', () => {
    for (let code = 0; code < 0xa0; code += 1) {
      const control = code < 0x20 ? code !== 0x09 && code !== 0x0a : code >= 0x7f;
      const fault = textFault(`a${String.fromCharCode(code)}b`);
      expect(fault, code.toString(16)).toBe(control ? 'must not hold control characters' : undefined);
    }
  });

  it('is well-formed', () => {
    for (const broken of ['\ud83d', 'a\udc00b', '\udc00\ud83d']) expect(textFault(broken)).toMatch('Unicode');
    expect(textFault('🙂')).toBeUndefined();
  });

  it.each([
    ['white space', ' \t\n\u00a0\u2003\u3000\u2028'],
    ['a zero-width space', '\u200b'],
    ['a byte order mark', '\ufeff'],
    ['joiners', '\u200c\u200d\u2060'],
    ['bidi marks and overrides', '\u200e\u200f\u202a\u202e\u2066\u2069\u061c'],
    ['marks without a base', '\u0301\u20dd\u064b'],
    ['Hangul fillers', '\u3164\uffa0\u115f\u1160'],
    ['empty Braille', '\u2800'],
    ['an empty note head', '\u{1d159}'],
    ['variation selectors', '\ufe0f\u{e0100}'],
    ['tags', '\u{e0001}\u{e0041}'],
    ['a soft hyphen', '\u00ad'],
    ['noncharacters', '\ufffe\ufdd0'],
    ['a mixture', ' \u200b\u2800\u0301'],
  ])('is not %s alone', (_what, blank) => {
    expect(textFault(blank)).toBe('must hold something visible');
    expect(textFault(`${blank}x`)).toBeUndefined();
  });

  it.each(['.', '🙂', '👩‍👩‍👧', '1️⃣', 'ا', '\u2801', 'é', 'e\u0301', '한', '\ue000', ''])('may be %j', (text) => {
    expect(textFault(text)).toBeUndefined();
  });
});

describe('the form for search', () => {
  it.each([
    ['case', 'ÄRGER', 'ärger'],
    ['composed and decomposed letters', 'caf\u00e9', 'cafe\u0301'],
    ['the final sigma', 'ΟΔΟΣ', 'οδος'],
    ['a sigma inside of a longer word', 'οδοσ', 'οδος'],
    ['ß', 'STRASSE', 'straße'],
    ['İ', 'İstanbul', 'istanbul'],
    ['ligatures', 'ﬁle', 'FILE'],
    ['full-width characters', '＃３９', '#39'],
    ['soft hyphens', 'co\u00adoperate', 'cooperate'],
  ])('ignores %s', (_what, one, other) => {
    expect(searchForm(one)).toBe(searchForm(other));
  });
});

describe('the beginning of a text', () => {
  it.each(['👩‍👩‍👧', '🇩🇪', 'e\u0301', '1️⃣', '👍🏽', 'नि', '각'])(
    'ends before or behind %s, never in it',
    (character) => {
      for (let limit = 1; limit < 20; limit += 1) {
        const cut = beginningOf(`ab${character.repeat(9)}`, limit);
        expect(cut === 'a' || 'ab'.startsWith(cut) || cut.replace('ab', '').replaceAll(character, '') === '').toBe(
          true,
        );
      }
    },
  );

  it('is empty when the first character is longer than the limit', () => {
    expect(beginningOf(`a${'\u0301'.repeat(200)}`, 100)).toBe('');
  });
});
