/** The people of the domain's tests, as the directory would know them. */
import type { UserFacts } from '../../../src/domain/user/identity.ts';

export const driver: UserFacts = { id: '1', name: 'john_driver', role: 'driver', active: true };
export const otherDriver: UserFacts = { id: '8', name: 'mary_driver', role: 'driver', active: true };
export const customer: UserFacts = { id: 'customer-1', name: 'Cleo', role: 'customer', active: true };
export const admin: UserFacts = { id: '2', name: 'Ada', role: 'admin', active: true };
export const otherAdmin: UserFacts = { id: '3', name: 'Alan', role: 'admin', active: true };
export const agent: UserFacts = { id: '4', name: 'Grace', role: 'agent', active: true };
export const vendor: UserFacts = { id: '5', name: 'Vera', role: 'vendor', active: true, vendorId: 'vendor-1' };
export const ops: UserFacts = { id: '6', name: 'Olga', role: 'ops', active: true };
export const accounts: UserFacts = { id: '7', name: 'Andy', role: 'accounts', active: true };
export const service: UserFacts = { id: '9', name: 'Product', role: 'service', active: true };

export const everyone: readonly UserFacts[] = [
  driver,
  otherDriver,
  customer,
  admin,
  otherAdmin,
  agent,
  vendor,
  ops,
  accounts,
  service,
];

export function deactivated(user: UserFacts): UserFacts {
  return { ...user, active: false };
}
