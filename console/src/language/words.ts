/** The texts of a single view in every language; they are loaded with that view. */
import type { Plural } from './plural.ts';

export interface Words<ViewTexts> {
  readonly en: (plural: Plural) => ViewTexts;
  readonly [tag: string]: (plural: Plural) => ViewTexts;
}
