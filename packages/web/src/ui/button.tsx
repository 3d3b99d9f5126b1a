import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { Link } from 'wouter';
import { classes } from './classes.ts';

export type ButtonLook = 'primary' | 'plain' | 'quiet' | 'danger';

const LOOKS: Readonly<Record<ButtonLook, string>> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-strong',
  plain: 'bg-surface text-ink border border-edge/60 hover:border-edge hover:bg-sunken',
  quiet: 'text-soft hover:text-ink hover:bg-sunken',
  danger: 'bg-surface text-bad border border-bad/50 hover:bg-bad-soft',
};

const SHAPE =
  'inline-flex items-center justify-center gap-2 rounded-md px-3.5 min-h-9 text-sm font-semibold whitespace-nowrap ' +
  'no-underline transition-colors disabled:opacity-55 disabled:cursor-not-allowed';

export type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  look?: ButtonLook;
  /** Shows that it works on it, and takes no second press. */
  busy?: boolean;
  children: ReactNode;
};

/** A button. One `primary` on each page or dialog. */
export function Button({ look = 'plain', busy = false, className, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled === true || busy}
      aria-busy={busy || undefined}
      className={classes(SHAPE, LOOKS[look], className)}
    >
      {busy && <Spinner />}
      {children}
    </button>
  );
}

/** A link to a page of the app that looks like a button. */
export function ButtonLink(props: { href: string; look?: ButtonLook; children: ReactNode }) {
  const { href, look = 'plain', children } = props;
  return (
    <Link href={href} className={classes(SHAPE, LOOKS[look])}>
      {children}
    </Link>
  );
}

/** A file to fetch, such as a CSV. */
export function DownloadLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <a href={href} download className={classes(SHAPE, LOOKS.plain)}>
      {children}
    </a>
  );
}

/** Only an icon; `label` is its name. */
export function IconButton({
  label,
  children,
  className,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...rest}
      className={classes(
        'inline-flex size-9 items-center justify-center rounded-md text-soft hover:bg-sunken hover:text-ink',
        className,
      )}
    >
      {children}
    </button>
  );
}

export function Spinner() {
  return (
    <span
      aria-hidden="true"
      className="inline-block size-3.5 animate-spin rounded-full border-2 border-current border-r-transparent"
    />
  );
}
