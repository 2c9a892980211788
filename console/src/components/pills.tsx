/** A ticket's status and priority in words, in their colours. */
import type { Priority, Status } from '../../../src/client/index.ts';
import { useTexts } from '../language/language.tsx';
import { Icon } from './icons.tsx';

export function StatusPill({ status }: { readonly status: Status }) {
  return <span className={`pill ${status}`}>{useTexts().status[status]}</span>;
}

/** Renders nothing for the default priority. */
export function PriorityMark({ priority }: { readonly priority: Priority }) {
  const texts = useTexts();
  if (priority === 'medium') return null;
  return (
    <span className={`priority ${priority}`}>
      <Icon name={priority === 'low' ? 'down' : priority === 'urgent' ? 'warning' : 'up'} />
      {texts.priority[priority]}
    </span>
  );
}
