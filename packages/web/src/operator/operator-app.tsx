import { QueryClientProvider } from '@tanstack/react-query';
import { Suspense } from 'react';
import { Route, Switch } from 'wouter';
import { createQueryClient } from '../api/query-client.ts';
import { Boundary } from '../ui/boundary.tsx';
import { Skeleton } from '../ui/states.tsx';
import { Toasts } from '../ui/toast.tsx';
import { NoSuchPage, OperatorOnly } from './operator-only.tsx';
import { OPERATOR_PAGES } from './operator-routes.tsx';
import { OperatorShell } from './operator-shell.tsx';

const client = createQueryClient();

/** The operator's pages: a bundle of their own, so that nobody else ever loads them. */
export function OperatorApp() {
  return (
    <QueryClientProvider client={client}>
      <OperatorOnly>
        <OperatorShell>
          <Switch>
            {OPERATOR_PAGES.map(({ path, page: Content }) => (
              <Route key={path} path={path}>
                <Boundary key={path}>
                  <Suspense fallback={<Skeleton lines={6} />}>
                    <Content />
                  </Suspense>
                </Boundary>
              </Route>
            ))}
            <Route>
              <NoSuchPage />
            </Route>
          </Switch>
        </OperatorShell>
      </OperatorOnly>
      <Toasts />
    </QueryClientProvider>
  );
}
