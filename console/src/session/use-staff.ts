/** The users whom tickets can be assigned to; empty until they are loaded. */
import { useEffect, useState } from 'react';
import { useReport } from '../components/toasts.tsx';
import type { Person } from '../desk/desk.ts';
import { useSignedIn } from './signed-in.tsx';

export function useStaff(): readonly Person[] {
  const { desk, isStaff } = useSignedIn();
  const report = useReport();
  const [staff, setStaff] = useState<readonly Person[]>([]);
  useEffect(() => {
    if (!isStaff) return;
    let wanted = true;
    desk.staff().then(
      (people) => wanted && setStaff(people),
      (error: unknown) => wanted && report(error),
    );
    return () => {
      wanted = false;
    };
  }, [desk, isStaff, report]);
  return staff;
}
