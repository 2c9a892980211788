/** Something that the server is told to do: once at a time, its failure reported, and then looked at what became of it. */
import { useCallback, useState } from 'react';
import { useReport } from '../../components/toasts.tsx';

export interface Order {
  readonly busy: boolean;
  give(what: () => Promise<unknown>): void;
}

export function useOrder(onOrdered: () => void): Order {
  const report = useReport();
  const [busy, setBusy] = useState(false);
  const give = useCallback(
    (what: () => Promise<unknown>) => {
      setBusy(true);
      what()
        .catch(report)
        .finally(() => {
          setBusy(false);
          onOrdered();
        });
    },
    [report, onOrdered],
  );
  return { busy, give };
}
