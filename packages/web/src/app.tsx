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

/** The app: caches, pages, and what is shown above all of them. */
export function App() {
  return (
    <QueryClientProvider client={client}>
      <Switch>
        {PAGES.map((route) => (
          <Route key={route.path} path={route.path}>
            <RouteBody route={route} />
          </Route>
        ))}
        <Route>
          <NotFound />
        </Route>
      </Switch>
      <Toasts />
    </QueryClientProvider>
  );
}

function RouteBody({ route }: { route: PageRoute }) {
  const Content = route.page;
  const body = (
    <Boundary key={route.path}>
      <Suspense fallback={<Skeleton lines={6} />}>
        <Content />
      </Suspense>
    </Boundary>
  );
  if (route.who === 'anyone') return body;
  return (
    <SignedInOnly>
      <Shell>{body}</Shell>
    </SignedInOnly>
  );
}

function NotFound() {
  return (
    <main className="mx-auto max-w-xl p-8">
      <Page title="There is no such page" action={<ButtonLink href="/app">Dashboard</ButtonLink>}>
        <p className="text-sm text-soft">The address may be mistyped, or the page was taken away.</p>
      </Page>
    </main>
  );
}
