/** What the doctor finds. */
export interface Finding {
  readonly about: string;
  /** A warning can wait until it suits; an error cannot. */
  readonly grade: 'ok' | 'warning' | 'error';
  readonly finding: string;
  /** What to do; there always is something unless all is well. */
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
