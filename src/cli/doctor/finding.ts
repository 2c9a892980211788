/** One result of `deskwire doctor`. */
export interface Finding {
  readonly about: string;
  /** A warning can wait; an error needs action now. */
  readonly grade: 'ok' | 'warning' | 'error';
  readonly finding: string;
  /** What to do; absent only when the grade is `ok`. */
  readonly advice?: string;
}

export const ok = (about: string, finding: string): Finding => ({ about, grade: 'ok', finding });

export const warning = (about: string, finding: string, advice: string): Finding => ({
  about,
  grade: 'warning',
  finding,
  advice,
});

export const error = (about: string, finding: string, advice: string): Finding => ({
  about,
  grade: 'error',
  finding,
  advice,
});
