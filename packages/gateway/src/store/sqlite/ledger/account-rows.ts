import type { Database } from 'better-sqlite3';

export type UserBalance = 'paid' | 'promo';

/** The row ids of users' accounts. Remembers what it has seen: one entry for each balance that exists. */
export type AccountRows = {
  find(accountId: string, balance: UserBalance): number | undefined;
  /** Makes the row when it is missing. Inside a transaction. */
  findOrMake(accountId: string, balance: UserBalance): number;
  /** To be called after a commit (keep) or a rollback (forget) of rows that were made. */
  keepMade(): void;
  forgetMade(): void;
};

export function createAccountRows(database: Database): AccountRows {
  const select = database.prepare<[string, string], number>(
    'SELECT id FROM account WHERE owner = ? AND kind = ?',
  );
  select.pluck();
  const insert = database.prepare<[string, string]>(
    "INSERT INTO account (owner, kind, normal, limited) VALUES (?, ?, 'credit', 1)",
  );
  const known = { paid: new Map<string, number>(), promo: new Map<string, number>() };
  let made: { accountId: string; balance: UserBalance }[] = [];

  function find(accountId: string, balance: UserBalance): number | undefined {
    const seen = known[balance].get(accountId);
    if (seen !== undefined) return seen;
    const id = select.get(accountId, balance);
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
    keepMade() {
      made = [];
    },
    forgetMade() {
      for (const { accountId, balance } of made) known[balance].delete(accountId);
      made = [];
    },
  };
}
