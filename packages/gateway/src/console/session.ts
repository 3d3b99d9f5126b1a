import type { Session } from '@switchyard/protocol/console/session.ts';
import type { KeyDirectory } from '../accounts/key-directory.ts';
import { ok } from '../core/result.ts';
import { shownEmail } from '../people/email-address.ts';
import type { Person } from '../people/person.ts';
import { type ConsoleRow, openRow } from './row.ts';

/** Who looks, and what this site offers. The one address that a page asks before anything else. */
export function sessionRow(site: () => Session['site']): ConsoleRow {
  return openRow({
    method: 'GET',
    path: '/api/console/session',
    run({ person, admin }) {
      const session: Session = {
        person: person === undefined ? null : personView(person),
        accounts: person === undefined ? [] : accountsOf(person, admin.registry.directory),
        site: site(),
      };
      return ok(session);
    },
  });
}

function personView(person: Person): Session['person'] {
  const { id, name, emailVerified, site, twoFactor } = person;
  const wallets = [...person.wallets];
  return { id, email: shownEmail(person.email), name, emailVerified, site, twoFactor, wallets };
}

function accountsOf(person: Person, directory: KeyDirectory): Session['accounts'] {
  return person.memberships.flatMap(({ accountId, role }) => {
    const account = directory.account(accountId);
    return account === undefined
      ? []
      : [{ id: account.id, name: account.name, role, suspended: account.suspended }];
  });
}
