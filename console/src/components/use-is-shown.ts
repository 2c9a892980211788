/** Whether the page is visible, rather than in a background tab. */
import { useEffect, useState } from 'react';

export function useIsShown(): boolean {
  const [isShown, setIsShown] = useState(document.visibilityState === 'visible');
  useEffect(() => {
    const update = () => setIsShown(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', update);
    return () => document.removeEventListener('visibilitychange', update);
  }, []);
  return isShown;
}
