/** Records outside Deskwire that tickets point at. A change of a reference sets all its fields. */
// biome-ignore lint/plugin/roles: a type of reference, not a role
export const REFERENCE_TYPES = ['station', 'grn', 'dispatch', 'vendor'] as const;
export type ReferenceType = (typeof REFERENCE_TYPES)[number];

export interface ReferenceEvent {
  readonly type: 'ReferenceSet';
  readonly data: {
    readonly type: ReferenceType;
    readonly id: string;
    /** Of a station or vendor. */
    readonly name?: string;
    /** Of a GRN or dispatch: the vendor it belongs to. */
    readonly vendorId?: string;
    /** Of a GRN: the ops user who verified it. */
    readonly verifiedBy?: string;
  };
}
