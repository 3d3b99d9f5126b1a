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
  {
    path: '/confirm-email',
    who: 'anyone',
    page: lazy(() => import('./pages/sign-in/confirm-email-page.tsx')),
  },
  { path: '/invitation', who: 'anyone', page: lazy(() => import('./pages/sign-in/invitation-page.tsx')) },
  { path: '/app', who: 'member', page: lazy(() => import('./pages/dashboard/dashboard-page.tsx')) },
  { path: '/app/models', who: 'member', page: lazy(() => import('./pages/models/models-page.tsx')) },
  { path: '/app/requests', who: 'member', page: lazy(() => import('./pages/requests/requests-page.tsx')) },
  {
    path: '/app/requests/:request',
    who: 'member',
    page: lazy(() => import('./pages/requests/request-page.tsx')),
  },
  { path: '/app/keys', who: 'member', page: lazy(() => import('./pages/keys/keys-page.tsx')) },
  { path: '/app/billing', who: 'member', page: lazy(() => import('./pages/billing/billing-page.tsx')) },
  { path: '/app/nodes', who: 'member', page: lazy(() => import('./pages/nodes/nodes-page.tsx')) },
  { path: '/app/nodes/:node', who: 'member', page: lazy(() => import('./pages/nodes/node-page.tsx')) },
  { path: '/app/earnings', who: 'member', page: lazy(() => import('./pages/nodes/earnings-page.tsx')) },
  {
    path: '/app/deployments',
    who: 'member',
    page: lazy(() => import('./pages/deployments/deployments-page.tsx')),
  },
  { path: '/app/members', who: 'member', page: lazy(() => import('./pages/members/members-page.tsx')) },
  { path: '/app/account', who: 'member', page: lazy(() => import('./pages/account/account-page.tsx')) },
  { path: '/app/profile', who: 'member', page: lazy(() => import('./pages/profile/profile-page.tsx')) },
  { path: '/app/chat', who: 'member', page: lazy(() => import('./pages/chat/chat-page.tsx')) },
  { path: '/create', who: 'member', page: lazy(() => import('./pages/create/create-page.tsx')) },
];
