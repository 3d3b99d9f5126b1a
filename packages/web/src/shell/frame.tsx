import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { IconButton } from '../ui/button.tsx';
import { classes } from '../ui/classes.ts';
import { LoneInterlude } from '../ui/dialog.tsx';
import { Icon, type IconName } from '../ui/icon.tsx';
import { Mark } from '../ui/mark.tsx';
import { BRAND } from '../ui/page.tsx';
import { ThemeSwitch } from '../ui/theme.tsx';

type NavItem = { href: string; label: string; icon: IconName };
export type NavGroup = { label: string; items: readonly NavItem[] };

/** A sidebar, on a phone a bar with a menu, and the page beside it. `home`: the address of the first page. */
export function Frame({
  home,
  nav,
  above,
  below,
  children,
}: {
  home: string;
  nav: readonly NavGroup[];
  /** Above the names of the pages, and at the foot of the sidebar. */
  above?: ReactNode;
  below: ReactNode;
  children: ReactNode;
}) {
  const [isOpen, setOpen] = useState(false);
  const main = useMainFocus(() => setOpen(false));
  return (
    <div className="lg:grid lg:min-h-dvh lg:grid-cols-[15.5rem_minmax(0,1fr)] print:block">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:left-3 focus:top-3 focus:z-50 focus:rounded-md focus:bg-surface focus:px-4 focus:py-2"
      >
        Skip to the content
      </a>
      <header className="sticky top-0 z-30 flex items-center justify-between gap-3 border-b border-line bg-ground px-4 py-2 lg:hidden print:hidden">
        <Brand home={home} />
        <IconButton
          label="Menu"
          aria-expanded={isOpen}
          aria-controls="sidebar"
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name={isOpen ? 'close' : 'menu'} />
        </IconButton>
      </header>
      <aside
        id="sidebar"
        className={classes(
          'flex-col gap-4 border-line bg-ground px-3 py-4 max-lg:border-b lg:sticky lg:top-0 lg:flex lg:h-dvh lg:overflow-y-auto lg:border-r print:hidden',
          isOpen ? 'flex' : 'hidden',
        )}
      >
        <div className="px-2 max-lg:hidden">
          <Brand home={home} />
        </div>
        {above}
        <Navigation home={home} nav={nav} />
        <div className="mt-auto grid grid-cols-1 gap-3">
          <ThemeSwitch />
          {below}
        </div>
      </aside>
      <main
        id="main"
        ref={main}
        tabIndex={-1}
        className="mx-auto grid w-full max-w-6xl content-start 2xl:max-w-7xl gap-6 px-4 py-7 outline-none sm:px-8 lg:py-10"
      >
        {children}
      </main>
      <LoneInterlude />
    </div>
  );
}

function Brand({ home }: { home: string }) {
  return (
    <Link href={home} className="inline-flex min-h-9 items-center gap-2.5 font-semibold tracking-tight">
      <Mark />
      {BRAND}
    </Link>
  );
}

function Navigation({ home, nav }: { home: string; nav: readonly NavGroup[] }) {
  const [location] = useLocation();
  const isHere = (href: string) => (href === home ? location === href : location.startsWith(href));
  return (
    <nav aria-label="Pages" className="grid gap-4">
      {nav.map((group) => (
        <div key={group.label} className="grid gap-0.5">
          <p className="px-2 pb-1 text-xs font-medium text-soft">{group.label}</p>
          {group.items.map(({ href, label, icon }) => (
            <Link
              key={href}
              href={href}
              aria-current={isHere(href) ? 'page' : undefined}
              className="flex min-h-9 items-center gap-2.5 rounded-md px-2 text-sm text-soft lg:min-h-8 hover:bg-sunken hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:font-semibold aria-[current=page]:text-ink"
            >
              <Icon name={icon} />
              {label}
            </Link>
          ))}
        </div>
      ))}
    </nav>
  );
}

/**
 * After a change of page the focus is on the content, as a browser would do it, and the menu is closed. The way back
 * leads to where the page was left: there the browser scrolls by itself.
 */
function useMainFocus(onMove: () => void) {
  const main = useRef<HTMLElement>(null);
  const [location] = useLocation();
  const before = useRef(location);
  const isBack = useRef(false);
  useEffect(() => {
    const note = () => {
      isBack.current = true;
      setTimeout(() => {
        isBack.current = false;
      });
    };
    // Before the router hears of it.
    window.addEventListener('popstate', note, { capture: true });
    return () => window.removeEventListener('popstate', note, { capture: true });
  }, []);
  useEffect(() => {
    if (before.current === location) return;
    before.current = location;
    onMove();
    if (!isBack.current) window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  });
  return main;
}
