/** Whether the page is in sight, rather than behind another one. */
import { useEffect, useState } from 'react';

export function useIsShown(): boolean {
  const [isShown, setIsShown] = useState(document.visibilityState === 'visible');
  useEffect(() => {
    const look = () => setIsShown(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  return isShown;
}
