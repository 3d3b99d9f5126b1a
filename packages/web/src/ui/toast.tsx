import { useSyncExternalStore } from 'react';
import { classes } from './classes.ts';

type Toast = { id: number; text: string; tone: 'good' | 'bad' };

const SHOWN_MS = 6_000;
let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function change(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

/** Says for a few seconds that something was done, or failed. What must not be missed belongs on the page itself. */
export function toast(text: string, tone: 'good' | 'bad' = 'good'): void {
  const id = nextId;
  nextId += 1;
  change([...toasts, { id, text, tone }].slice(-3));
  setTimeout(() => change(toasts.filter((one) => one.id !== id)), SHOWN_MS);
}

/** Where toasts appear; read out politely, failures at once. */
export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <div
      className="pointer-events-none fixed inset-x-4 bottom-4 z-[60] grid justify-items-center gap-2"
      aria-live="polite"
    >
      {shown.map((one) => (
        <p
          key={one.id}
          role={one.tone === 'bad' ? 'alert' : undefined}
          className={classes(
            'max-w-md rounded-lg px-4 py-2.5 text-sm shadow-lift',
            one.tone === 'bad' ? 'border border-bad bg-bad-soft text-ink' : 'bg-ink text-ground',
          )}
        >
          {one.text}
        </p>
      ))}
    </div>
  );
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
