import type { NavGroup } from '../shell/frame.tsx';

/** The operator's sidebar. */
export const OPERATOR_NAV: readonly NavGroup[] = [
  {
    label: 'Now',
    items: [
      { href: '/operator', label: 'Overview', icon: 'home' },
      { href: '/operator/upstreams', label: 'Upstreams', icon: 'link' },
      { href: '/operator/nodes', label: 'Nodes', icon: 'node' },
    ],
  },
  {
    label: 'Business',
    items: [
      { href: '/operator/accounts', label: 'Accounts', icon: 'people' },
      { href: '/operator/models', label: 'Models and prices', icon: 'models' },
    ],
  },
  {
    label: 'Site',
    items: [
      { href: '/operator/content-rules', label: 'Content rules', icon: 'image' },
      { href: '/operator/audit', label: 'Audit log', icon: 'list' },
      { href: '/operator/config', label: 'Configuration', icon: 'account' },
      { href: '/operator/maintenance', label: 'Maintenance', icon: 'alert' },
    ],
  },
];
