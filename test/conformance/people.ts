/** Signs in users of the demo data. */
import { logIn, type SeedClient } from './client.ts';

export const PASSWORD = 'deskwire-demo';

export type Person = 'driver' | 'driver2' | 'admin' | 'admin2' | 'agent' | 'vendor' | 'ops' | 'accounts' | 'service';

/** Rejects when one of them cannot log in. */
export async function signInAll<P extends Person>(url: string, people: readonly P[]): Promise<Record<P, SeedClient>> {
  const clients = people.map(async (name) => [name, await logIn(url, `${name}@example.com`, PASSWORD)] as const);
  return Object.fromEntries(await Promise.all(clients)) as Record<P, SeedClient>;
}
