import { useEffect, useId, useSyncExternalStore, type ReactNode } from 'react';

/** A step that comes between in the dialog that is open, such as signing in again: its content is shown in place. */
export type Interlude = { title: string; description: string; content: ReactNode; onCancel: () => void };

let interlude: Interlude | undefined;
let openDialogs: readonly string[] = [];
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

/** Undefined ends it. */
export function setInterlude(next: Interlude | undefined): void {
  interlude = next;
  tell();
}

/** The interlude, for the dialog that lies on top; undefined for all others. */
export function useInterlude(open: boolean): Interlude | undefined {
  const id = useId();
  useEffect(() => {
    if (!open) return undefined;
    openDialogs = [...openDialogs, id];
    tell();
    return () => {
      openDialogs = openDialogs.filter((other) => other !== id);
      tell();
    };
  }, [id, open]);
  return useSyncExternalStore(subscribe, () => (openDialogs.at(-1) === id ? interlude : undefined));
}

/** The interlude while no dialog is open that could show it. */
export function useLoneInterlude(): Interlude | undefined {
  return useSyncExternalStore(subscribe, () => (openDialogs.length === 0 ? interlude : undefined));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
