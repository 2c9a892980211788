/** Sends an operation to the server: one at a time, with its failure reported and the view refreshed afterwards. */
import { useCallback, useState } from 'react';
import { useReport } from '../../components/toasts.tsx';

export interface OperationRunner {
  readonly busy: boolean;
  run(operation: () => Promise<unknown>): void;
}

export function useOperation(onDone: () => void): OperationRunner {
  const report = useReport();
  const [busy, setBusy] = useState(false);
  const run = useCallback(
    (operation: () => Promise<unknown>) => {
      setBusy(true);
      operation()
        .catch(report)
        .finally(() => {
          setBusy(false);
          onDone();
        });
    },
    [report, onDone],
  );
  return { busy, run };
}
