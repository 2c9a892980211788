/** Placeholders for a view that is loading or empty. */
import type { ReactNode } from 'react';
import { useTexts } from '../language/language.tsx';
import { Icon, type IconName } from './icons.tsx';

interface EmptyProps {
  readonly icon: IconName;
  readonly title: string;
  readonly hint?: string;
  readonly children?: ReactNode;
}

export function Empty({ icon, title, hint, children }: EmptyProps) {
  return (
    <div className="empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      {hint !== undefined && <p className="small">{hint}</p>}
      {children}
    </div>
  );
}

export function Loading() {
  const texts = useTexts();
  return (
    <div className="empty" role="status">
      <span className="spinner" />
      <span className="unseen">{texts.loading}</span>
    </div>
  );
}
