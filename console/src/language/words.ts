/** What only one view says, so that it is loaded with that view: the same things in every language. */
export interface Words<Said> {
  readonly en: Said;
  readonly [tag: string]: Said;
}
