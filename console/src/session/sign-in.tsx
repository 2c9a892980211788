/** The page for signing in. */
import { type FormEvent, useState } from 'react';
import { DeskwireError } from '../../../src/client/index.ts';
import { Mark } from '../components/icons.tsx';
import type { Texts } from '../language/en.ts';
import { useTexts } from '../language/language.tsx';
import type { Sessions } from './session.ts';

export function SignInPage({ sessions }: { readonly sessions: Sessions }) {
  const texts = useTexts();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem(undefined);
    try {
      await sessions.signIn(String(form.get('email')), String(form.get('password')));
    } catch (error) {
      setProblem(explained(error, texts));
      setBusy(false);
    }
  }

  return (
    <main className="sign-in">
      <form className="sign-in-card" onSubmit={(event) => void submit(event)}>
        <div className="sign-in-head">
          <Mark />
          <h1>{texts.product}</h1>
          <p className="muted">{texts.signIn.lead}</p>
        </div>
        {sessions.ended && problem === undefined && <p className="problem">{texts.signIn.ended}</p>}
        <div role="alert">{problem !== undefined && <p className="problem">{problem}</p>}</div>
        <label className="field">
          <span className="label">{texts.signIn.email}</span>
          <input className="input" name="email" type="email" autoComplete="username" required dir="ltr" />
        </label>
        <label className="field">
          <span className="label">{texts.signIn.password}</span>
          <input className="input" name="password" type="password" autoComplete="current-password" required dir="ltr" />
        </label>
        <button type="submit" className="button main" disabled={busy}>
          {texts.signIn.submit}
        </button>
      </form>
    </main>
  );
}

function explained(error: unknown, { signIn, failed }: Texts): string {
  if (!(error instanceof DeskwireError)) return failed(String(error));
  switch (error.code) {
    case 'unauthorized':
      return signIn.wrong;
    case 'rate_limited':
      return signIn.tooOften(error.retryAfter ?? 60);
    case 'not_found':
      return signIn.elsewhere;
    case 'unreachable':
      return signIn.unreachable;
    default:
      return failed(error.message);
  }
}
