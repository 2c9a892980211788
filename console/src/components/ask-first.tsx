/** A button for an action that cannot be undone. It opens a dialog in which Cancel comes first. */
import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { useTexts } from '../language/language.tsx';

interface Props {
  /** The text of the dialog's button that confirms. */
  readonly action: string;
  /** The action and its object, for screen readers. */
  readonly label: string;
  readonly title: string;
  readonly text: string;
  readonly disabled?: boolean;
  readonly onConfirm: () => void;
  readonly children: ReactNode;
}

export function AskFirst({ action, label, title, text, disabled = false, onConfirm, children }: Props) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <button type="button" className="button" aria-label={label} disabled={disabled} onClick={() => setAsking(true)}>
        {children}
      </button>
      {asking && (
        <Question action={action} title={title} text={text} onConfirm={onConfirm} onClose={() => setAsking(false)} />
      )}
    </>
  );
}

interface QuestionProps extends Pick<Props, 'action' | 'title' | 'text' | 'onConfirm'> {
  readonly onClose: () => void;
}

/** The dialog. `onConfirm` is called before `onClose`. */
export function Question({ action, title, text, onConfirm, onClose }: QuestionProps) {
  const texts = useTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="question" aria-labelledby={id} onClose={onClose}>
      <h2 id={id} dir="auto">
        {title}
      </h2>
      <p>{text}</p>
      <form method="dialog" className="actions">
        <button type="submit" className="button">
          {texts.cancel}
        </button>
        <button type="submit" className="button danger" onClick={onConfirm}>
          {action}
        </button>
      </form>
    </dialog>
  );
}
