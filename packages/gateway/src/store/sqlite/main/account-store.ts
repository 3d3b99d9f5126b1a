import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import type { Transaction } from 'kysely';
import type { AccountStore, Change } from '../../../accounts/store.ts';
import type { Clock } from '../../../core/clock.ts';
import type { TrustStore } from '../../../fleet/trust/store.ts';
import { MAIN_DATABASE_FILE } from './data-folder.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/all.ts';
import {
  accountFromRow,
  accountToRow,
  deploymentFromRow,
  deploymentToRow,
  keyFromRow,
  keyToRow,
  memberLimitsFromRow,
  memberLimitsToRow,
  nodeFromRow,
  nodeToRow,
} from './rows.ts';
import type { Tables } from './tables.ts';
import { createTrustStore } from './trust-store.ts';
import { useWriteAheadLog } from './write-ahead.ts';

/** How long a statement waits for another process's write before it fails, in milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Opens (and makes or brings up to date) the main database in `directory`, which must exist.
 * The file is readable by its owner only. Throws when it is no sound database, or a newer program's.
 */
export function openSqliteAccountStore(
  directory: string,
  clock: Clock,
): AccountStore & { trust: TrustStore } {
  const database = openMainDatabase(join(directory, MAIN_DATABASE_FILE), clock);
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) });
  return {
    trust: createTrustStore(db, clock),
    async load() {
      const accounts = await db.selectFrom('account').selectAll().execute();
      const keys = await db.selectFrom('api_key').selectAll().execute();
      const nodes = await db.selectFrom('node').selectAll().execute();
      const deployments = await db.selectFrom('deployment').selectAll().execute();
      const limits = await db.selectFrom('member_limit').selectAll().execute();
      return {
        accounts: accounts.map(accountFromRow),
        keys: keys.map(keyFromRow),
        nodes: nodes.map(nodeFromRow),
        deployments: deployments.map(deploymentFromRow),
        memberLimits: limits.map(memberLimitsFromRow),
      };
    },
    async commit(changes, audit) {
      const { atMs, ...line } = audit;
      await db.transaction().execute(async (transaction) => {
        for (const change of changes) await write(transaction, change);
        await transaction
          .insertInto('audit')
          .values({ at: atMs, ...line })
          .execute();
      });
    },
    async recordKeyUse(uses) {
      await db.transaction().execute(async (transaction) => {
        for (const [id, usedAtMs] of uses) {
          await transaction
            .updateTable('api_key')
            .set({ last_used_at: usedAtMs })
            .where('id', '=', id)
            .execute();
        }
      });
    },
    async auditTrail(limit) {
      const rows = await db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit).execute();
      return rows.map(({ id: _id, at, ...line }) => ({ atMs: at, ...line }));
    },
    async meta(key) {
      const row = await db.selectFrom('meta').select('value').where('key', '=', key).executeTakeFirst();
      return row?.value;
    },
    async close() {
      await db.destroy();
      // Kysely closes the file only when it ever ran a statement; closing twice does no harm.
      database.close();
    },
  };
}

function openMainDatabase(path: string, clock: Clock): Database.Database {
  // Made here first, so that the file, and the WAL beside it, never exist with wider permissions.
  closeSync(openSync(path, 'a', 0o600));
  const database = new Database(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    useWriteAheadLog(database);
    database.pragma('synchronous = FULL');
    // On macOS a plain fsync stops at the disk's own cache.
    database.pragma('fullfsync = ON');
    database.pragma('foreign_keys = ON');
    migrate(database, MIGRATIONS, clock.nowMs());
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/** Inserts or replaces by id. A key's `last_used_at` is left alone: `recordKeyUse` owns it. */
async function write(transaction: Transaction<Tables>, change: Change): Promise<void> {
  switch (change.type) {
    case 'put-account': {
      const { id, ...rest } = accountToRow(change.account);
      await transaction
        .insertInto('account')
        .values({ id, ...rest })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
        .execute();
      return;
    }
    case 'put-key': {
      const { id, ...rest } = keyToRow(change.key, change.digest);
      await transaction
        .insertInto('api_key')
        .values({ id, ...rest })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
        .execute();
      return;
    }
    case 'put-node': {
      const { id, ...rest } = nodeToRow(change.node, change.digest);
      await transaction
        .insertInto('node')
        .values({ id, ...rest })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
        .execute();
      return;
    }
    case 'put-deployment': {
      const { id, ...rest } = deploymentToRow(change.deployment);
      await transaction
        .insertInto('deployment')
        .values({ id, ...rest })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
        .execute();
      return;
    }
    case 'delete-deployment':
      await transaction.deleteFrom('deployment').where('id', '=', change.id).execute();
      return;
    case 'put-member-limits': {
      const { account_id, person_id, ...rest } = memberLimitsToRow(change.limits);
      await transaction
        .insertInto('member_limit')
        .values({ account_id, person_id, ...rest })
        .onConflict((conflict) => conflict.columns(['account_id', 'person_id']).doUpdateSet(rest))
        .execute();
      return;
    }
    case 'delete-member-limits':
      await transaction
        .deleteFrom('member_limit')
        .where('account_id', '=', change.accountId)
        .where('person_id', '=', change.personId)
        .execute();
      return;
    case 'set-meta': {
      const { key, value } = change;
      await transaction
        .insertInto('meta')
        .values({ key, value })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
        .execute();
    }
  }
}
