import { useEffect, useRef, useState } from 'react';

/** A screen reader hears of progress at most this often. */
const SPEAK_EVERY_MS = 5_000;

/** What a polite live region says: the newest of a text that changes fast. */
export function useSpoken(text: string): string {
  const [spoken, setSpoken] = useState('');
  const lastMs = useRef(0);
  useEffect(() => {
    const waitMs = Math.max(0, lastMs.current + SPEAK_EVERY_MS - Date.now());
    const timer = setTimeout(() => {
      lastMs.current = Date.now();
      setSpoken(text);
    }, waitMs);
    return () => clearTimeout(timer);
  }, [text]);
  return spoken;
}
