import type { Done } from '@switchyard/protocol/console/common.ts';
import { z } from 'zod';
import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { isPlaceholder } from '../people/email-address.ts';
import type { EventHub } from './event-hub.ts';
import type { PeopleMembers } from './people.ts';
import { type ConsoleRow, type PersonCall, personRow } from './row.ts';
import { refuseUnpaidEarnings } from './unpaid-earnings.ts';

const wantedEmail = z.strictObject({ email: z.string().max(320) });
const mailedToken = z.strictObject({ token: z.string().max(200) });
const deletion = z.strictObject({ confirm: z.string().max(320) });

/** What is kept of the person who asks, and their end. */
export function personRows(people: PeopleMembers, hub: Pick<EventHub, 'sessionEnded'>): ConsoleRow[] {
  return [
    personRow({
      method: 'GET',
      path: '/api/console/person/export',
      fresh: true,
      run: ({ person }) => people.exportPerson(person),
    }),
    personRow({
      method: 'POST',
      path: '/api/console/person/email',
      // Whoever has the address can set a password with it.
      fresh: true,
      input: wantedEmail,
      run: ({ person }, { email }) => done(people.askForEmail(person, email)),
    }),
    personRow({
      method: 'POST',
      path: '/api/console/person/email/confirm',
      input: mailedToken,
      run: ({ person }, { token }) => people.confirmEmail(person, token),
    }),
    personRow({
      method: 'DELETE',
      path: '/api/console/person',
      fresh: true,
      input: deletion,
      async run(call, { confirm }) {
        const deleted = await deletePerson(people, call, confirm);
        if (deleted.ok) hub.sessionEnded(call.person.id);
        return deleted;
      },
    }),
  ];
}

/** With the accounts in which nobody else is. */
async function deletePerson(people: PeopleMembers, { admin, person }: PersonCall, confirm: string) {
  const names = isPlaceholder(person.email) ? person.wallets : [person.email];
  if (!names.some((name) => name.toLowerCase() === confirm.trim().toLowerCase())) {
    const message = 'Type your e-mail address, or the address of your wallet if you have none.';
    return failed(fault('invalid_request', { message, param: 'confirm' }));
  }
  for (const { accountId } of person.memberships) {
    const isAlone = (await people.members(accountId)).length === 1;
    const refused = isAlone ? await refuseUnpaidEarnings(admin, accountId) : undefined;
    if (refused !== undefined) return failed(refused);
  }
  return done(people.deletePerson(person));
}

async function done(change: Promise<Result<void, Fault>>): Promise<Result<Done, Fault>> {
  const changed = await change;
  return changed.ok ? ok({ done: true }) : changed;
}
