import type { Database } from 'better-sqlite3';
import type { GrantBalance } from '../../../ledger/ledger.ts';
import { SYSTEM_ACCOUNT } from './migrations.ts';

/** The balances that a user has once. The last two are what nodes earned: still pending, and to be paid out. */
export type UserBalance = 'paid' | 'promo' | 'earned' | 'payable';

/** A row of `account`, as far as writing needs it: the ends of its chains, and what the present batch adds to its counters. */
export type AccountRow = {
  readonly id: number;
  charges: number;
  lastCharge: number;
  lastReceipt: number;
  debitsPending: number;
  debitsPosted: number;
  creditsPending: number;
  creditsPosted: number;
  spent: number;
  /** It differs from the row on the disk. */
  isChanged: boolean;
};

/**
 * The rows of the ledger accounts. Remembers ours and those that a user has once and that it has seen: one entry for each that
 * exists. Grants come and go, so they are looked up once for each batch.
 */
export type AccountRows = {
  system(name: keyof typeof SYSTEM_ACCOUNT): AccountRow;
  find(accountId: string, balance: UserBalance): AccountRow | undefined;
  /** Makes the row when it is missing. Inside a transaction. */
  findOrMake(accountId: string, balance: UserBalance): AccountRow;
  findGrant(accountId: string, balance: GrantBalance, grantId: string): AccountRow | undefined;
  makeGrant(
    accountId: string,
    grant: { balance: GrantBalance; grantId: string; expiresAtMs: number },
  ): AccountRow;
  /** To be called after a commit. */
  keep(): void;
  /** To be called after a rollback: what is remembered may never have come to the disk. */
  forget(): void;
};

type Chains = { id: number; charges: number; lastCharge: number; lastReceipt: number };

export function createAccountRows(database: Database): AccountRows {
  const select = database.prepare<[string, string, string], Chains>(
    `SELECT id, charges, last_charge AS lastCharge, last_receipt AS lastReceipt FROM account
     WHERE owner = ? AND kind = ? AND tag = ?`,
  );
  const insert = database.prepare<[string, string]>(
    "INSERT INTO account (owner, kind, normal, limited) VALUES (?, ?, 'credit', 1)",
  );
  const insertGrant = database.prepare<[string, string, string, number]>(
    "INSERT INTO account (owner, kind, tag, expires_at_ms, normal, limited) VALUES (?, ?, ?, ?, 'credit', 1)",
  );
  const own = new Map<string, AccountRow>();
  const users: Record<UserBalance, Map<string, AccountRow>> = {
    paid: new Map(),
    promo: new Map(),
    earned: new Map(),
    payable: new Map(),
  };
  const grants = new Map<string, AccountRow>();

  function find(accountId: string, balance: UserBalance): AccountRow | undefined {
    const known = users[balance];
    let row = known.get(accountId);
    if (row === undefined) {
      const found = select.get(accountId, balance, '');
      if (found !== undefined) known.set(accountId, (row = accountRow(found)));
    }
    return row;
  }

  return {
    system(name) {
      let row = own.get(name);
      if (row === undefined) own.set(name, (row = emptyRow(SYSTEM_ACCOUNT[name])));
      return row;
    },
    find,
    findOrMake(accountId, balance) {
      const existing = find(accountId, balance);
      if (existing !== undefined) return existing;
      const row = emptyRow(insert.run(accountId, balance).lastInsertRowid);
      users[balance].set(accountId, row);
      return row;
    },
    findGrant(accountId, balance, grantId) {
      const name = nameOfGrant(accountId, balance, grantId);
      let row = grants.get(name);
      if (row === undefined) {
        const found = select.get(accountId, balance, grantId);
        if (found !== undefined) grants.set(name, (row = accountRow(found)));
      }
      return row;
    },
    makeGrant(accountId, { balance, grantId, expiresAtMs }) {
      const row = emptyRow(insertGrant.run(accountId, balance, grantId, expiresAtMs).lastInsertRowid);
      grants.set(nameOfGrant(accountId, balance, grantId), row);
      return row;
    },
    keep: () => grants.clear(),
    forget() {
      for (const known of [own, grants, ...Object.values(users)]) known.clear();
    },
  };
}

function nameOfGrant(accountId: string, balance: GrantBalance, grantId: string): string {
  return JSON.stringify([accountId, balance, grantId]);
}

function emptyRow(id: number | bigint): AccountRow {
  return accountRow({ id: Number(id), charges: 0, lastCharge: 0, lastReceipt: 0 });
}

function accountRow({ id, charges, lastCharge, lastReceipt }: Chains): AccountRow {
  return {
    id,
    charges,
    lastCharge,
    lastReceipt,
    debitsPending: 0,
    debitsPosted: 0,
    creditsPending: 0,
    creditsPosted: 0,
    spent: 0,
    isChanged: false,
  };
}
