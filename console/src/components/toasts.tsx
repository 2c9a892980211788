/** Short error messages above the view, announced to screen readers. */
import { createContext, type ReactNode, useCallback, useContext, useState } from 'react';
import { useTexts } from '../language/language.tsx';
import { Icon } from './icons.tsx';

/** Shows why an action failed. */
export type Report = (error: unknown) => void;

const ReportContext = createContext<Report>(() => undefined);

/** Returns the function that reports the failure of a user's action. */
export function useReport(): Report {
  return useContext(ReportContext);
}

interface Toast {
  readonly key: number;
  readonly text: string;
}

const MOST = 3;

export function Toasts({ children }: { readonly children: ReactNode }) {
  const texts = useTexts();
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const report = useCallback<Report>(
    (error) => {
      const text = texts.failed(error instanceof Error ? error.message : String(error));
      setToasts((shown) => [...shown.slice(1 - MOST), { key: (shown.at(-1)?.key ?? 0) + 1, text }]);
    },
    [texts],
  );
  const dismiss = (key: number) => setToasts((shown) => shown.filter((toast) => toast.key !== key));
  return (
    <ReportContext value={report}>
      {children}
      <div className="toasts" role="alert">
        {toasts.map(({ key, text }) => (
          <div key={key} className="toast">
            <span dir="auto">{text}</span>
            <button
              type="button"
              className="button plain square"
              aria-label={texts.dismiss}
              onClick={() => dismiss(key)}
            >
              <Icon name="close" />
            </button>
          </div>
        ))}
      </div>
    </ReportContext>
  );
}
