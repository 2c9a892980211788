/**
 * The page of a link that sets a new password. It needs no session: the token in its address is the proof, and is valid
 * once. The server ends all sessions of the user, so a page of theirs in this browser signs out by itself.
 */
import { type FormEvent, useState } from 'react';
import { DeskwireError } from '../../../src/client/index.ts';
import { Mark } from '../components/icons.tsx';
import type { Texts } from '../language/en.ts';
import { useTexts } from '../language/language.tsx';

export const RESET_PASSWORD_PATH = '/reset-password';

interface Props {
  readonly token: string;
  resetPassword(token: string, newPassword: string): Promise<void>;
  /** The user goes on to sign in. */
  onDone(): void;
}

export function ResetPasswordPage({ token, resetPassword, onDone }: Props) {
  const texts = useTexts();
  const [problem, setProblem] = useState<string>();
  const [state, setState] = useState<'open' | 'busy' | 'done'>('open');

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const password = String(form.get('password'));
    if (password !== String(form.get('repeated'))) return setProblem(texts.resetPassword.different);
    setState('busy');
    setProblem(undefined);
    try {
      await resetPassword(token, password);
      setState('done');
    } catch (error) {
      setProblem(explained(error, texts));
      setState('open');
    }
  }

  return (
    <main className="sign-in">
      <form className="sign-in-card" onSubmit={(event) => void submit(event)}>
        <div className="sign-in-head">
          <Mark />
          <h1>{texts.resetPassword.title}</h1>
          <p className="muted">{state === 'done' ? texts.resetPassword.done : texts.resetPassword.lead}</p>
        </div>
        <div role="alert">{problem !== undefined && <p className="problem">{problem}</p>}</div>
        {state === 'done' ? (
          <button type="button" className="button main" onClick={onDone}>
            {texts.signIn.submit}
          </button>
        ) : (
          <>
            <PasswordField name="password" label={texts.resetPassword.password} />
            <PasswordField name="repeated" label={texts.resetPassword.repeated} />
            <button type="submit" className="button main" disabled={state === 'busy'}>
              {texts.resetPassword.submit}
            </button>
          </>
        )}
      </form>
    </main>
  );
}

function PasswordField({ name, label }: { readonly name: string; readonly label: string }) {
  return (
    <label className="field">
      <span className="label">{label}</span>
      <input className="input" name={name} type="password" autoComplete="new-password" required dir="ltr" />
    </label>
  );
}

function explained(error: unknown, { resetPassword, signIn, failed }: Texts): string {
  if (!(error instanceof DeskwireError)) return failed(String(error));
  if (error.code === 'invalid_payload') return error.field === 'token' ? resetPassword.used : resetPassword.weak;
  if (error.code === 'not_found') return signIn.elsewhere;
  if (error.code === 'unreachable') return signIn.unreachable;
  return failed(error.message);
}
