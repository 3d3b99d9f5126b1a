import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { Button } from '../ui/button.tsx';

export const LINK = 'font-medium text-accent underline underline-offset-2 hover:text-accent-strong';

/** To another page of the operator. */
export function PageLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Link href={href} className={LINK}>
      {children}
    </Link>
  );
}

/** To a page of the other bundle, which the browser must load. */
export function LeaveButton({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Button look="primary" onClick={() => window.location.assign(href)}>
      {children}
    </Button>
  );
}
