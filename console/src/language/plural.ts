/** Texts that contain a number. Each language has its own plural forms. Source: Unicode CLDR, through Intl. */
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string };

/** Chooses the form for a count. `#` in a form is replaced by the number. */
export type Plural = (count: number, forms: Forms) => string;

export function createPlural(locale: string): Plural {
  const rules = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  return (count, forms) => (forms[rules.select(count)] ?? forms.other).replace('#', numbers.format(count));
}
