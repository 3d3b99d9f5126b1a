import type { ReactNode } from 'react';
import { Link } from 'wouter';

/** Back to the list that a page belongs to. Stands before the page. */
export function BackLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <p className="-mb-3 text-sm print:hidden">
      <Link href={href} className="inline-flex min-h-6 items-center gap-1.5 text-soft hover:text-ink">
        <span aria-hidden="true">←</span> {children}
      </Link>
    </p>
  );
}
