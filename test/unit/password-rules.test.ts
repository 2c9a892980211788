import { describe, expect, it } from 'vitest';
import { isCommonPassword, requireGoodPassword } from '../../src/auth/password-rules.ts';

describe('a new password', () => {
  it.each([
    'password1234',
    'Password123!',
    'P@ssw0rd1234',
    'passwordpassword',
    '123456789012',
    '098765432109',
    'aaaaaaaaaaaa',
    'abcabcabcabc',
    '121212121212',
    'qwertyuiop[]',
    'QwErTyUiOp12',
    '1q2w3e4r5t6y',
    'iloveyou1234',
    'welcome12345',
    'administrator',
    'letmein12345!',
    'deskwire-demo',
    'changeme2024!',
    'ｐａｓｓｗｏｒｄ１２３４',
    '            ',
  ])('is refused when it is common: %s', (password) => {
    expect(isCommonPassword(password)).toBe(true);
  });

  it.each([
    'correct horse battery',
    'a long enough one',
    'kettle-on-thursday',
    'x7Kq-29bM-pz0',
    'tr0ub4dor&3-and-more',
    'cast-password',
    'Ünser Garten blüht',
    'كلمة سر طويلة جدا',
  ])('is accepted when it is not: %s', (password) => {
    expect(isCommonPassword(password)).toBe(false);
  });

  it('is refused when it is made of the email', () => {
    expect(isCommonPassword('ada.lovelace1', 'ada.lovelace@example.com')).toBe(true);
    expect(isCommonPassword('lovelace12345', 'ada.lovelace@example.com')).toBe(true);
    expect(isCommonPassword('lovelace12345', 'bob@example.com')).toBe(false);
  });

  it('has 12 characters, as people count them, and the refusal names its field', () => {
    const refusal = { code: 'invalid_payload', field: 'newPassword' };
    expect(() => requireGoodPassword('x7Kq-29bM-p', 'newPassword')).toThrow(expect.objectContaining(refusal));
    expect(() => requireGoodPassword('😀7Kq-29bM-p', 'newPassword')).toThrow(expect.objectContaining(refusal));
    expect(() => requireGoodPassword('password1234', 'newPassword')).toThrow(expect.objectContaining(refusal));
    expect(() => requireGoodPassword('x7Kq-29bM-pz', 'newPassword')).not.toThrow();
  });
});
