import { lazy, type ComponentType, type LazyExoticComponent } from 'react';

export type PageRoute = {
  path: string;
  page: LazyExoticComponent<ComponentType>;
  /** `anyone`: without the shell. `member`: a signed-in member of an account, inside of the shell. */
  who: 'anyone' | 'member';
};

/** Every page, each its own file to load. */
export const PAGES: readonly PageRoute[] = [
  { path: '/sign-in', who: 'anyone', page: lazy(() => import('./pages/sign-in/sign-in-page.tsx')) },
  {
    path: '/sign-in/second-factor',
    who: 'anyone',
    page: lazy(() => import('./pages/sign-in/second-factor-page.tsx')),
  },
  { path: '/sign-up', who: 'anyone', page: lazy(() => import('./pages/sign-in/sign-up-page.tsx')) },
  {
    path: '/operator-setup',
    who: 'anyone',
    page: lazy(() => import('./pages/sign-in/operator-setup-page.tsx')),
  },
  { path: '/verify-email', who: 'anyone', page: lazy(() => import('./pages/sign-in/verify-email-page.tsx')) },
  { path: '/reset-password', who: 'anyone', page: lazy(() => import('./pages/sign-in/reset-page.tsx')) },
  { path: '/invitation', who: 'anyone', page: lazy(() => import('./pages/sign-in/invitation-page.tsx')) },
  { path: '/app', who: 'member', page: lazy(() => import('./pages/dashboard/dashboard-page.tsx')) },
  { path: '/app/models', who: 'member', page: lazy(() => import('./pages/models/models-page.tsx')) },
  { path: '/app/requests', who: 'member', page: lazy(() => import('./pages/requests/requests-page.tsx')) },
  { path: '/app/keys', who: 'member', page: lazy(() => import('./pages/keys/keys-page.tsx')) },
];
