import { useQueryClient } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { signOut } from '../api/auth.ts';
import { messageOf } from '../api/client.ts';
import { useSignedIn } from '../session/session.tsx';
import { forgetBrowserKeys } from '../studio/key-store.ts';
import { Icon } from '../ui/icon.tsx';
import { Menu, type MenuItem } from '../ui/menu.tsx';
import { toast } from '../ui/toast.tsx';

const TRIGGER =
  'flex min-h-11 w-full items-center justify-between gap-2 rounded-lg border border-line bg-surface px-3 text-left text-sm hover:border-edge';

/** Which account is in view. */
export function AccountMenu() {
  const { session, account, choose } = useSignedIn();
  const items = session.accounts.map(({ id, name, role }): MenuItem => {
    return { label: `${name} (${role})`, checked: id === account.id, onSelect: () => choose(id) };
  });
  return (
    <Menu
      label="Accounts"
      align="start"
      items={items}
      trigger={
        <button type="button" className={TRIGGER}>
          <span className="min-w-0">
            <span className="sr-only">Account: </span>
            <span className="block truncate font-semibold">{account.name}</span>
            <span className="block text-xs text-soft">{account.role}</span>
          </span>
          <Icon name="chevron" size={16} />
        </button>
      }
    />
  );
}

/** The person, and the way out. */
export function PersonMenu() {
  const { person } = useSignedIn();
  const client = useQueryClient();
  const [, go] = useLocation();
  const leave = async () => {
    await signOut();
    client.clear();
    forgetBrowserKeys();
    go('/sign-in');
  };
  const items: MenuItem[] = [
    { label: 'Profile and security', onSelect: () => go('/app/profile') },
    ...(person.site === 'operator'
      ? [{ label: 'Operator', onSelect: () => window.location.assign('/operator') }]
      : []),
    { label: 'Sign out', onSelect: () => void leave().catch((error) => toast(messageOf(error), 'bad')) },
  ];
  return (
    <Menu
      label="You"
      align="start"
      items={items}
      trigger={
        <button type="button" className={TRIGGER}>
          <span className="min-w-0">
            <span className="block truncate">{person.name || person.email}</span>
            <span className="block truncate text-xs text-soft">{person.email ?? 'no e-mail yet'}</span>
          </span>
          <Icon name="chevron" size={16} />
        </button>
      }
    />
  );
}
