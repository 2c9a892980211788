/** The texts of a single view in every language; they are loaded with that view. */
export interface Words<ViewTexts> {
  readonly en: ViewTexts;
  readonly [tag: string]: ViewTexts;
}
