import { classes } from './classes.ts';
import type { Tone } from './notice.tsx';

const DOTS: Readonly<Record<Tone, string>> = {
  good: 'bg-good',
  warn: 'bg-warn',
  bad: 'bg-bad',
  plain: 'bg-edge',
};

/** A dot and a word: colour is never alone. */
export function Status({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className="inline-flex items-center gap-2 whitespace-nowrap">
      <span
        aria-hidden="true"
        className={classes('size-2 shrink-0 rounded-full forced-colors:bg-[CanvasText]', DOTS[tone])}
      />
      {children}
    </span>
  );
}

/** A small word beside a name. */
export function Badge({ children }: { children: string }) {
  return (
    <span className="inline-block rounded bg-sunken px-1.5 py-0.5 text-xs font-medium text-soft">
      {children}
    </span>
  );
}
