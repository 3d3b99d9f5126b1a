import { z } from 'zod';
import { fault } from '../core/errors.ts';
import { failed, ok } from '../core/result.ts';
import type { EventHub } from './event-hub.ts';
import type { PeopleMembers } from './people.ts';
import { type ConsoleRow, type PersonCall, personRow } from './row.ts';
import { refuseUnpaidEarnings } from './unpaid-earnings.ts';

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
  if (confirm.trim().toLowerCase() !== person.email.toLowerCase())
    return failed(fault('invalid_request', { message: 'Type your e-mail address.', param: 'confirm' }));
  for (const { accountId } of person.memberships) {
    const isAlone = (await people.members(accountId)).length === 1;
    const refused = isAlone ? await refuseUnpaidEarnings(admin, accountId) : undefined;
    if (refused !== undefined) return failed(refused);
  }
  const deleted = await people.deletePerson(person);
  return deleted.ok ? ok({ done: true }) : deleted;
}
