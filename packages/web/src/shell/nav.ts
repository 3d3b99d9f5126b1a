import type { NavGroup } from './frame.tsx';

/** The sidebar. */
export const NAV: readonly NavGroup[] = [
  {
    label: 'Use',
    items: [
      { href: '/app', label: 'Dashboard', icon: 'home' },
      { href: '/app/chat', label: 'Chat', icon: 'chat' },
      { href: '/create', label: 'Create', icon: 'image' },
      { href: '/app/models', label: 'Models', icon: 'models' },
      { href: '/app/requests', label: 'Requests', icon: 'list' },
      { href: '/app/keys', label: 'API keys', icon: 'key' },
      { href: '/app/billing', label: 'Billing', icon: 'money' },
    ],
  },
  {
    label: 'Provide',
    items: [
      { href: '/app/nodes', label: 'Nodes', icon: 'node' },
      { href: '/app/earnings', label: 'Earnings', icon: 'money' },
      { href: '/app/deployments', label: 'Deployments', icon: 'link' },
    ],
  },
  {
    label: 'Settings',
    items: [
      { href: '/app/members', label: 'Members', icon: 'people' },
      { href: '/app/account', label: 'Account', icon: 'account' },
      { href: '/app/profile', label: 'Profile and security', icon: 'person' },
    ],
  },
];
