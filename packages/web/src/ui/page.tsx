import { useEffect, type ReactNode } from 'react';
import { classes } from './classes.ts';

/** The frame of a page: its title, which is the window's too, one sentence, and its one main action. */
export function Page({
  title,
  lead,
  action,
  children,
}: {
  title: string;
  lead?: ReactNode;
  action?: ReactNode;
  children: ReactNode;
}) {
  usePageTitle(title);
  return (
    <div className="grid min-w-0 gap-8">
      <div className="flex flex-wrap items-end justify-between gap-4">
        <div className="grid min-w-0 gap-1 wrap-anywhere">
          <h1 className="text-2xl font-semibold">{title}</h1>
          {lead !== undefined && <p className="max-w-prose text-[0.9375rem] text-soft">{lead}</p>}
        </div>
        {isThere(action) && <div className="print:hidden">{action}</div>}
      </div>
      {children}
    </div>
  );
}

function isThere(part: ReactNode): boolean {
  return part !== undefined && part !== null && part !== false;
}

/** `API keys · Switchyard`: what the gateway wrote as the title is the operator's name. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · ${BRAND}`;
  }, [title]);
}

/** The operator's name, as the gateway put it into the page. */
export const BRAND = document.title;

export function Section({
  title,
  hint,
  action,
  children,
}: {
  title: string;
  hint?: ReactNode;
  action?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="grid min-w-0 gap-4">
      <div className="flex flex-wrap items-end justify-between gap-3">
        <div className="min-w-0 wrap-anywhere">
          <h2 className="text-base font-semibold">{title}</h2>
          {hint !== undefined && <p className="max-w-prose text-sm text-soft">{hint}</p>}
        </div>
        {isThere(action) && <div className="print:hidden">{action}</div>}
      </div>
      {children}
    </section>
  );
}

export function Card({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <div className={classes('min-w-0 rounded-xl border border-line bg-surface p-4 sm:p-5', className)}>
      {children}
    </div>
  );
}

/** Figures side by side: two on a phone, `wide` of them on a desk. */
export function Figures({ wide = 4, children }: { wide?: 3 | 4; children: ReactNode }) {
  return (
    <div
      className={classes(
        'grid gap-3 min-[22rem]:grid-cols-2 sm:gap-4',
        wide === 3 ? 'max-sm:[&>:last-child:nth-child(odd)]:col-span-2 sm:grid-cols-3' : 'xl:grid-cols-4',
      )}
    >
      {children}
    </div>
  );
}

/** One figure with its name. Its letters shrink before a long number leaves the card. */
export function Figure({ label, children, note }: { label: string; children: ReactNode; note?: ReactNode }) {
  return (
    <Card className="@container grid grid-cols-1 content-start gap-1">
      <p className="text-[0.8125rem] text-soft">{label}</p>
      <div className="text-[clamp(1.05rem,13cqi,1.65rem)] leading-tight font-semibold tracking-tight break-words tabular-nums">
        {children}
      </div>
      {note !== undefined && <p className="text-[0.8125rem] text-soft">{note}</p>}
    </Card>
  );
}
