import { useEffect, useRef } from 'react';

/** With a keyboard at hand a person writes at once: the cursor is in the form's text; on a phone the keys would hide half of the page. */
export function focusText(form: HTMLFormElement | null): void {
  if (window.matchMedia('(pointer: fine)').matches) {
    form?.querySelector('textarea')?.focus({ preventScroll: true });
  }
}

/** Escape anywhere on the page stops, unless a dialog or a menu takes it to close itself. */
export function useEscape(isOn: boolean, act: () => void): void {
  const latest = useRef(act);
  useEffect(() => {
    latest.current = act;
  });
  useEffect(() => {
    if (!isOn) return undefined;
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return;
      if (document.querySelector('[role=dialog], [role=menu]') === null) latest.current();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [isOn]);
}
