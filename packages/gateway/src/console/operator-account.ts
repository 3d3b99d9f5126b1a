import { findAccount } from '../admin/lookup.ts';
import { memberShareView } from '../admin/members.ts';
import { ok, type Result } from '../core/result.ts';
import type { Fault } from '../core/errors.ts';
import type { Account } from '../accounts/account.ts';
import type { RecordReader } from '../receipts/reader.ts';
import { shownKeys } from './keys.ts';
import type { PeopleMembers } from './people.ts';
import { listQuery, requestsPage } from './requests.ts';
import { type ConsoleRow, operatorRow, type PersonCall } from './row.ts';

/** What the members of one account see of it, for operators: keys without secrets, members, receipts. */
export function operatorAccountDetailRows(deps: {
  records: Pick<RecordReader, 'list'>;
  people: Pick<PeopleMembers, 'members'>;
}): ConsoleRow[] {
  return [
    operatorRow({
      method: 'GET',
      path: 'accounts/:account/keys',
      run(call) {
        const account = named(call);
        return account.ok ? shownKeys(call.admin, account.value.id) : account;
      },
    }),
    operatorRow({
      method: 'GET',
      path: 'accounts/:account/members',
      async run(call) {
        const account = named(call);
        if (!account.ok) return account;
        const accountId = account.value.id;
        const members = (await deps.people.members(accountId)).map((one) => ({
          ...one,
          share: memberShareView(call.admin, { accountId, personId: one.personId }),
        }));
        return ok({ members });
      },
    }),
    operatorRow({
      method: 'GET',
      path: 'accounts/:account/requests',
      input: listQuery,
      run(call, query) {
        const account = named(call);
        if (!account.ok) return account;
        return requestsPage(deps.records, { admin: call.admin, account: account.value }, query);
      },
    }),
  ];
}

function named({ admin, params }: PersonCall): Result<Account, Fault> {
  return findAccount(admin.registry.directory, params['account'] ?? '');
}
