/** The whole console: its language and theme, the session, and the view that the path names. */
import { useCallback, useMemo, useState, useSyncExternalStore } from 'react';
import { Toasts } from './components/toasts.tsx';
import { currentLanguage, LanguageProvider } from './language/language.tsx';
import { type Preferences, showPreferences, storePreferences } from './preferences.ts';
import { type createRouter, RouterProvider } from './routing/router.tsx';
import type { PasswordRequests } from './session/auth-requests.ts';
import { RESET_PASSWORD_PATH, ResetPasswordPage } from './session/reset-password.tsx';
import type { Sessions } from './session/session.ts';
import { SignInPage } from './session/sign-in.tsx';
import { SignedIn } from './session/signed-in.tsx';
import { Shell } from './shell/shell.tsx';

interface Props {
  readonly router: ReturnType<typeof createRouter>;
  readonly sessions: Sessions;
  readonly preferences: Preferences;
  readonly resetPassword: PasswordRequests['resetPassword'];
  /** Of the link that opened this page, if it has one. */
  readonly resetToken: string;
}

export function App({ router, sessions, preferences: initial, resetPassword, resetToken }: Props) {
  const [preferences, setPreferences] = useState(initial);
  const session = useSyncExternalStore(sessions.subscribe, () => sessions.current);
  const language = useMemo(() => currentLanguage(preferences.language, navigator.languages), [preferences.language]);
  const path = useSyncExternalStore(router.subscribe, router.path);
  const prefer = useCallback((changed: Preferences) => {
    storePreferences(localStorage, changed);
    showPreferences(document.documentElement, changed);
    setPreferences(changed);
  }, []);
  return (
    <LanguageProvider value={language}>
      <RouterProvider value={router}>
        <Toasts>
          {path === RESET_PASSWORD_PATH ? (
            <ResetPasswordPage
              token={resetToken}
              resetPassword={resetPassword}
              onDone={() => router.go('/', 'replace')}
            />
          ) : session === undefined ? (
            <SignInPage sessions={sessions} />
          ) : (
            <SignedIn session={session} key={session.me.id}>
              <Shell preferences={preferences} onPrefer={prefer} onSignOut={() => sessions.signOut()} />
            </SignedIn>
          )}
        </Toasts>
      </RouterProvider>
    </LanguageProvider>
  );
}
