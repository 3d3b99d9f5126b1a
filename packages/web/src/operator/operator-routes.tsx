import { lazy, type ComponentType, type LazyExoticComponent } from 'react';

type OperatorPage = { path: string; page: LazyExoticComponent<ComponentType> };

/** Every page of the operator, each its own file to load. */
export const OPERATOR_PAGES: readonly OperatorPage[] = [
  { path: '/operator', page: lazy(() => import('./overview/overview-page.tsx')) },
  { path: '/operator/accounts', page: lazy(() => import('./accounts/accounts-page.tsx')) },
  { path: '/operator/accounts/:account', page: lazy(() => import('./accounts/account-page.tsx')) },
  { path: '/operator/models', page: lazy(() => import('./models/models-page.tsx')) },
  { path: '/operator/models/:model', page: lazy(() => import('./models/model-page.tsx')) },
  { path: '/operator/upstreams', page: lazy(() => import('./upstreams/upstreams-page.tsx')) },
  { path: '/operator/nodes', page: lazy(() => import('./nodes/nodes-page.tsx')) },
  { path: '/operator/nodes/:node', page: lazy(() => import('./nodes/node-page.tsx')) },
  { path: '/operator/content-rules', page: lazy(() => import('./rules/rules-page.tsx')) },
  { path: '/operator/audit', page: lazy(() => import('./audit/audit-page.tsx')) },
  { path: '/operator/config', page: lazy(() => import('./config/config-page.tsx')) },
  { path: '/operator/maintenance', page: lazy(() => import('./maintenance/maintenance-page.tsx')) },
];
