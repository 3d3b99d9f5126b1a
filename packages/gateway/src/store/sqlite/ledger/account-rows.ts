import type { Database } from 'better-sqlite3';
import type { GrantBalance } from '../../../ledger/ledger.ts';

/** The balances that a user has once. */
export type UserBalance = 'paid' | 'promo';

/**
 * The row ids of users' accounts. Remembers the paid and promo ones that it has seen: one entry for each that exists. Grants
 * come and go, so they are looked up each time.
 */
export type AccountRows = {
  find(accountId: string, balance: UserBalance): number | undefined;
  /** Makes the row when it is missing. Inside a transaction. */
  findOrMake(accountId: string, balance: UserBalance): number;
  findGrant(accountId: string, balance: GrantBalance, grantId: string): number | undefined;
  makeGrant(
    accountId: string,
    grant: { balance: GrantBalance; grantId: string; expiresAtMs: number },
  ): number;
  /** To be called after a commit (keep) or a rollback (forget) of rows that were made. */
  keepMade(): void;
  forgetMade(): void;
};

export function createAccountRows(database: Database): AccountRows {
  const select = database.prepare<[string, string, string], number>(
    'SELECT id FROM account WHERE owner = ? AND kind = ? AND tag = ?',
  );
  select.pluck();
  const insert = database.prepare<[string, string]>(
    "INSERT INTO account (owner, kind, normal, limited) VALUES (?, ?, 'credit', 1)",
  );
  const insertGrant = database.prepare<[string, string, string, number]>(
    "INSERT INTO account (owner, kind, tag, expires_at_ms, normal, limited) VALUES (?, ?, ?, ?, 'credit', 1)",
  );
  const known = { paid: new Map<string, number>(), promo: new Map<string, number>() };
  let made: { accountId: string; balance: UserBalance }[] = [];

  function find(accountId: string, balance: UserBalance): number | undefined {
    const seen = known[balance].get(accountId);
    if (seen !== undefined) return seen;
    const id = select.get(accountId, balance, '');
    if (id !== undefined) known[balance].set(accountId, id);
    return id;
  }

  return {
    find,
    findOrMake(accountId, balance) {
      const existing = find(accountId, balance);
      if (existing !== undefined) return existing;
      const id = Number(insert.run(accountId, balance).lastInsertRowid);
      known[balance].set(accountId, id);
      made.push({ accountId, balance });
      return id;
    },
    findGrant: (accountId, balance, grantId) => select.get(accountId, balance, grantId),
    makeGrant: (accountId, { balance, grantId, expiresAtMs }) =>
      Number(insertGrant.run(accountId, balance, grantId, expiresAtMs).lastInsertRowid),
    keepMade() {
      made = [];
    },
    forgetMade() {
      for (const { accountId, balance } of made) known[balance].delete(accountId);
      made = [];
    },
  };
}
