import type { ReactNode } from 'react';
import { classes } from './classes.ts';
import { Icon, type IconName } from './icon.tsx';

export type Tone = 'good' | 'warn' | 'bad' | 'plain';

const BOXES: Readonly<Record<Tone, string>> = {
  good: 'bg-good-soft',
  warn: 'bg-warn-soft',
  bad: 'bg-bad-soft',
  plain: 'bg-accent-soft',
};
const MARKS: Readonly<Record<Tone, string>> = {
  good: 'text-good',
  warn: 'text-warn',
  bad: 'text-bad',
  plain: 'text-accent',
};
const ICONS: Readonly<Record<Tone, IconName>> = {
  good: 'check',
  warn: 'alert',
  bad: 'alert',
  plain: 'info',
};

/** A sentence that matters, on the page itself. Errors are announced at once. */
export function Notice({ tone, children, action }: { tone: Tone; children: ReactNode; action?: ReactNode }) {
  return (
    <div
      role={tone === 'bad' ? 'alert' : undefined}
      className={classes(
        'flex flex-wrap items-center gap-x-4 gap-y-2 rounded-lg px-4 py-3 text-sm',
        BOXES[tone],
      )}
    >
      <span className="flex flex-1 basis-60 items-start gap-2.5">
        <span className={classes('mt-0.5', MARKS[tone])}>
          <Icon name={ICONS[tone]} size={16} />
        </span>
        <span className="min-w-0 flex-1">{children}</span>
      </span>
      {action}
    </div>
  );
}
