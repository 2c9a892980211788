/** The menu of the signed-in user: theme, language, and sign out. */
import { useEffect, useId, useRef, useState } from 'react';
import { Question } from '../components/ask-first.tsx';
import { Avatar } from '../components/avatar.tsx';
import { useTexts } from '../language/language.tsx';
import { LANGUAGES } from '../language/languages.ts';
import { type Preferences, THEMES } from '../preferences.ts';
import { useSignedIn } from '../session/signed-in.tsx';
import { isLeaveKey } from '../writing/keys.ts';

interface Props {
  readonly preferences: Preferences;
  readonly onPrefer: (preferences: Preferences) => void;
  readonly onSignOut: () => void;
}

export function AccountMenu(props: Props) {
  const texts = useTexts();
  const { me } = useSignedIn();
  const [open, setOpen] = useState(false);
  const id = useId();
  const around = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!open) return;
    const leave = (event: Event) => {
      if (event.target instanceof Node && !around.current?.contains(event.target)) setOpen(false);
    };
    const leaveByKey = (event: KeyboardEvent) => {
      if (!isLeaveKey(event)) return;
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener('pointerdown', leave);
    document.addEventListener('focusin', leave);
    document.addEventListener('keydown', leaveByKey);
    return () => {
      document.removeEventListener('pointerdown', leave);
      document.removeEventListener('focusin', leave);
      document.removeEventListener('keydown', leaveByKey);
    };
  }, [open]);

  return (
    <div className="account" ref={around}>
      <button
        ref={button}
        type="button"
        className="account-button"
        aria-label={texts.account.menu}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <Avatar name={me.name} />
      </button>
      {open && (
        <section id={id} className="account-panel" aria-label={texts.account.menu}>
          <AccountPanel {...props} />
        </section>
      )}
    </div>
  );
}

function AccountPanel({ preferences, onPrefer, onSignOut }: Props) {
  const texts = useTexts();
  const { me } = useSignedIn();
  const name = useId();
  return (
    <>
      <p className="account-who">
        <span className="unseen">{texts.account.signedInAs(me.name)}</span>
        <strong dir="auto" aria-hidden="true">
          {me.name}
        </strong>
        <span className="muted small">{texts.roles[me.role]}</span>
      </p>
      <fieldset className="account-choice">
        <legend>{texts.account.theme}</legend>
        <div className="segments">
          {THEMES.map((theme) => (
            <label key={theme}>
              <input
                className="unseen"
                type="radio"
                name={name}
                checked={preferences.theme === theme}
                onChange={() => onPrefer({ ...preferences, theme })}
              />
              {texts.account.themes[theme]}
            </label>
          ))}
        </div>
      </fieldset>
      <label className="field">
        <span className="label">{texts.account.language}</span>
        <select
          className="input small"
          value={preferences.language.tag}
          onChange={({ target }) => {
            const language = LANGUAGES.find(({ tag }) => tag === target.value);
            if (language !== undefined) onPrefer({ ...preferences, language });
          }}
        >
          {LANGUAGES.map((language) => (
            <option key={language.tag} value={language.tag} lang={language.tag}>
              {language.name}
            </option>
          ))}
        </select>
      </label>
      <SignOut onSignOut={onSignOut} />
    </>
  );
}

/** A sign-out removes what the user wrote and did not send, so it asks first when there is such a thing. */
function SignOut({ onSignOut }: Pick<Props, 'onSignOut'>) {
  const { account } = useTexts();
  const { desk, client } = useSignedIn();
  const [unsent, setUnsent] = useState(0);
  function begin(): void {
    const count = desk.drafts.unsent() + client.outbox.entries.filter(({ kind }) => kind === 'post').length;
    if (count === 0) onSignOut();
    else setUnsent(count);
  }
  return (
    <>
      <button type="button" className="button" onClick={begin}>
        {account.signOut}
      </button>
      {unsent > 0 && (
        <Question
          action={account.signOut}
          title={account.signOutTitle}
          text={account.unsent(unsent)}
          onConfirm={onSignOut}
          onClose={() => setUnsent(0)}
        />
      )}
    </>
  );
}
