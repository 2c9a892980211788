/** Tests that the link of an admin opens a page that sets a new password, once. */
import { expect, test } from 'vitest';
import { prepareDesk } from './support/desk.ts';

const desk = prepareDesk();

async function linkFor(userId: string): Promise<string> {
  const post = async (path: string, body: object, token = '') => {
    const response = await fetch(desk.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token !== '' && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    });
    return (await response.json()) as { access_token: string; url: string };
  };
  const login = { email: 'admin@example.com', password: 'deskwire-demo' };
  const { access_token } = await post('/api/v1/auth/login', login);
  return (await post(`/api/v1/users/${userId}/password-reset`, {}, access_token)).url;
}

test('the link of an admin opens a page that sets a new password, once', async () => {
  const link = await linkFor('8');
  await using device = await desk.devices.device();
  const { page } = device;
  await page.goto(link);
  const password = page.locator('input[name=password]');
  const repeated = page.locator('input[name=repeated]');
  const set = page.getByRole('button', { name: 'Set the password' });
  await password.fill('correct horse battery');
  await repeated.fill('correct horse batteri');
  await set.click();
  await page.getByText('The two passwords differ.').waitFor();
  await password.fill('password1234');
  await repeated.fill('password1234');
  await set.click();
  await page.getByText('Choose a longer password, or a less common one.').waitFor();
  await password.fill('correct horse battery');
  await repeated.fill('correct horse battery');
  await set.click();
  await page.getByText('Your password is set.').waitFor();
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('input[name=email]').fill('driver2@example.com');
  await page.locator('input[name=password]').fill('correct horse battery');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Account and settings' }).waitFor();
  expect(new URL(page.url()).search).toBe('');

  await page.goto(link);
  await password.fill('another horse battery');
  await repeated.fill('another horse battery');
  await set.click();
  await page.getByText('This link is not valid any more.').waitFor();
});
