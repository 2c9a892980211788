/** Accepts files that are dropped on the conversation. The composer's button does the same for the keyboard. */
import { type DragEvent, type ReactNode, useState } from 'react';
import { Icon } from '../../components/icons.tsx';
import { useTexts } from '../../language/language.tsx';

interface Props {
  readonly onFiles: (files: readonly File[]) => void;
  readonly isOpen: boolean;
  readonly children: ReactNode;
}

export function DropZone({ onFiles, isOpen, children }: Props) {
  const texts = useTexts();
  const [isOver, setIsOver] = useState(false);

  function over(event: DragEvent): void {
    if (!isOpen || !event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    setIsOver(true);
  }

  function leave(event: DragEvent): void {
    const to = event.relatedTarget;
    if (!(to instanceof Node && event.currentTarget.contains(to))) setIsOver(false);
  }

  function drop(event: DragEvent): void {
    if (!isOpen || event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    setIsOver(false);
    onFiles([...event.dataTransfer.files]);
  }

  return (
    <section className="chat" aria-label={texts.chat.label} onDragOver={over} onDragLeave={leave} onDrop={drop}>
      {children}
      {isOver && (
        <div className="drop-here">
          <Icon name="clip" />
          {texts.chat.drop}
        </div>
      )}
    </section>
  );
}
