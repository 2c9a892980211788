/** What a reference does when asked. */
import type { ReferenceEvent, ReferenceType } from './events.ts';

export interface ReferenceCommand {
  readonly type: 'SetReference';
  readonly reference: ReferenceEvent['data'];
}

export interface ReferenceState {
  readonly exists: boolean;
  readonly type: ReferenceType;
  readonly id: string;
  readonly name: string | null;
  readonly vendorId: string | null;
  readonly verifiedBy: string | null;
}
