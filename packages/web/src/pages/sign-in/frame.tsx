import type { ReactNode } from 'react';
import { Mark } from '../../ui/mark.tsx';
import { BRAND, Card, usePageTitle } from '../../ui/page.tsx';
import { ThemeSwitch } from '../../ui/theme.tsx';

/** The frame of the pages before the app: one card in the middle. */
export function GateFrame({
  title,
  lead,
  children,
  below,
}: {
  title: string;
  lead?: ReactNode;
  children: ReactNode;
  /** A line below the card, such as the way to the other page. */
  below?: ReactNode;
}) {
  usePageTitle(title);
  return (
    <div className="grid min-h-dvh grid-rows-[auto_1fr_auto] px-4">
      <header className="mx-auto flex w-full max-w-5xl items-center justify-between py-4">
        <a href="/" className="inline-flex min-h-9 items-center gap-2.5 font-semibold tracking-tight">
          <Mark />
          {BRAND}
        </a>
        <ThemeSwitch />
      </header>
      <main className="mx-auto grid w-full max-w-[25rem] content-start gap-5 py-8 sm:content-center">
        <Card className="grid gap-5 !p-7">
          <div className="grid gap-1.5">
            <h1 className="text-xl font-semibold">{title}</h1>
            {lead !== undefined && <p className="text-sm text-soft">{lead}</p>}
          </div>
          {children}
        </Card>
        {below !== undefined && <p className="text-center text-sm text-soft">{below}</p>}
      </main>
      <footer className="py-5 text-center text-[0.8125rem] text-soft">
        Nothing of a prompt or an answer is kept.
      </footer>
    </div>
  );
}

/** A link in a sentence. */
export const INLINE_LINK = 'font-medium text-accent underline underline-offset-3 hover:text-accent-strong';
