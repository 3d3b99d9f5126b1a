import { useSyncExternalStore } from 'react';
import { classes } from './classes.ts';
import { Icon } from './icon.tsx';

type Toast = { id: number; text: string; tone: 'good' | 'bad' };

const SHOWN_MS = { good: 6_000, bad: 15_000 };
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
  setTimeout(() => dismiss(id), SHOWN_MS[tone]);
}

function dismiss(id: number): void {
  change(toasts.filter((one) => one.id !== id));
}

/** Where toasts appear: at the corner, where they hide little, and each can be put away. Read out politely, failures at once. */
export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <div
      className="pointer-events-none fixed inset-x-4 bottom-4 z-[60] grid justify-items-center gap-2 sm:justify-items-end print:hidden"
      aria-live="polite"
    >
      {shown.map((one) => (
        <div
          key={one.id}
          role={one.tone === 'bad' ? 'alert' : undefined}
          className={classes(
            'pointer-events-auto flex max-w-md items-start gap-1 rounded-lg border py-1 pr-1 pl-4 text-sm shadow-lift',
            one.tone === 'bad' ? 'border-bad bg-bad-soft text-ink' : 'border-ink bg-ink text-ground',
          )}
        >
          <span className="min-w-0 py-1.5 break-words">{one.text}</span>
          <button
            type="button"
            aria-label="Put away"
            onClick={() => dismiss(one.id)}
            className="inline-flex size-8 shrink-0 items-center justify-center rounded-md opacity-75 hover:opacity-100"
          >
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
    </div>
  );
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
