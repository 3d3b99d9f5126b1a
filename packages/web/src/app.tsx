import { QueryClientProvider } from '@tanstack/react-query';
import { Suspense } from 'react';
import { Route, Switch } from 'wouter';
import { createQueryClient } from './api/query-client.ts';
import { PAGES, type PageRoute } from './routes.tsx';
import { SignedInOnly } from './session/session.tsx';
import { Shell } from './shell/shell.tsx';
import { ButtonLink } from './ui/button.tsx';
import { Boundary } from './ui/boundary.tsx';
import { Page } from './ui/page.tsx';
import { Skeleton } from './ui/states.tsx';
import { Toasts } from './ui/toast.tsx';

const client = createQueryClient();

/** The addresses of the pages that stand in the shell. */
const SHELL_PATHS = /^\/(?:app|create)(?:\/|$)/;

/** The app: caches, pages, and what is shown above all of them. */
export function App() {
  return (
    <QueryClientProvider client={client}>
      <Switch>
        {routesOf('anyone')}
        <Route path={SHELL_PATHS}>
          <MemberPages />
        </Route>
        <Route>
          <main className="mx-auto max-w-xl p-8">
            <NoSuchPage />
          </main>
        </Route>
      </Switch>
      <Toasts />
    </QueryClientProvider>
  );
}

/** One shell around all of them: it keeps the live stream and knows where the focus goes when the page changes. */
function MemberPages() {
  return (
    <SignedInOnly>
      <Shell>
        <Switch>
          {routesOf('member')}
          <Route>
            <NoSuchPage />
          </Route>
        </Switch>
      </Shell>
    </SignedInOnly>
  );
}

function routesOf(who: PageRoute['who']) {
  return PAGES.filter((route) => route.who === who).map(({ path, page: Content }) => (
    <Route key={path} path={path}>
      <Boundary key={path}>
        <Suspense fallback={<Skeleton lines={6} />}>
          <Content />
        </Suspense>
      </Boundary>
    </Route>
  ));
}

function NoSuchPage() {
  return (
    <Page title="There is no such page" action={<ButtonLink href="/app">Dashboard</ButtonLink>}>
      <p className="text-sm text-soft">The address may be mistyped, or the page was taken away.</p>
    </Page>
  );
}
