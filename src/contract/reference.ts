/** References: stations, GRNs, dispatches and vendors, mirrored from the product's own records. */
import Type, { type Static } from 'typebox';
import { REFERENCE_TYPES } from '../domain/reference/events.ts';
import { IdField, NameField } from './fields.ts';
import { closed, count, described, oneOf, text, textOrNull } from './schema.ts';

export const Reference = closed(
  {
    type: oneOf(REFERENCE_TYPES),
    id: text,
    name: textOrNull,
    vendorId: described(textOrNull, 'Of a GRN or dispatch: the vendor it belongs to'),
    verifiedBy: described(textOrNull, 'Of a GRN: the ops user who verified it'),
    version: described(count, 'Of its stream; also its ETag'),
  },
  { title: 'Reference', description: 'The reference' },
);
export type Reference = Static<typeof Reference>;

export const SetReferenceBody = Type.Object(
  { name: Type.Optional(NameField), vendorId: Type.Optional(IdField), verifiedBy: Type.Optional(IdField) },
  { additionalProperties: false },
);
export type SetReferenceBody = Static<typeof SetReferenceBody>;
