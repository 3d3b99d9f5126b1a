import type { ReactNode } from 'react';
import { classes } from '../ui/classes.ts';
import { Icon } from '../ui/icon.tsx';

/** What most people do not need to see: closed until its title is pressed. `quiet`: it is not a part of a form. */
export function Fold({
  title,
  quiet = false,
  children,
}: {
  title: string;
  quiet?: boolean;
  children: ReactNode;
}) {
  return (
    <details className="group rounded-lg border border-line">
      <summary
        className={classes(
          'flex items-center justify-between gap-2 px-4 text-sm',
          quiet ? 'min-h-9 text-soft' : 'min-h-11 font-semibold',
        )}
      >
        {title}
        <span className="transition-transform group-open:rotate-180">
          <Icon name="chevron" size={16} />
        </span>
      </summary>
      <div className="border-t border-line p-4">{children}</div>
    </details>
  );
}
