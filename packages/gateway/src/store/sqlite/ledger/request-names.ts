import type { Database, Statement } from 'better-sqlite3';
import type { Receipt } from '../../../ledger/ledger.ts';

/** Names that are remembered. Beyond it all are forgotten and looked up anew, so memory stays bounded. */
const REMEMBERED_MAX = 100_000;

/**
 * Numbers for what many receipts have alike: the key, what served (`service`), how it ended (`outcome`). A receipt of
 * numbers is a third of one with all its words, and so is what a commit writes.
 */
export type RequestNames = {
  key(keyId: string): number;
  service(receipt: Receipt): number;
  outcome(receipt: Receipt): number;
  /** What an earning is for. */
  served(nodeId: string, modelId: string): number;
  /** To be called after a rollback: rows that were made may be gone. */
  forget(): void;
};

type Value = string | number;

export function createRequestNames(database: Database): RequestNames {
  const keys = createNumbering(database, 'api_key', ['key_id']);
  const services = createNumbering(database, 'service', [
    'model_id',
    'surface',
    'route_kind',
    'route_name',
    'node_id',
    'price_version',
    'streamed',
  ]);
  const outcomes = createNumbering(database, 'outcome', [
    'end_kind',
    'error_code',
    'usage_source',
    'policy',
    'cut_at_hold',
    'attempts',
  ]);
  const servings = createNumbering(database, 'served', ['node_id', 'model_id']);
  return {
    key: (keyId) => keys.numberOf(keyId, () => [keyId]),
    service({ modelId, surface, routeKind, routeName, nodeId, priceVersion, streamed }) {
      const isStreamed = streamed ? 1 : 0;
      return services.numberOf(
        `${modelId}\0${surface}\0${routeKind}\0${routeName}\0${nodeId}\0${priceVersion}\0${isStreamed}`,
        () => [modelId, surface, routeKind, routeName, nodeId, priceVersion, isStreamed],
      );
    },
    outcome({ end, errorCode, usageSource, policy = '', cutAtHold, attempts }) {
      const isCut = cutAtHold === true ? 1 : 0;
      return outcomes.numberOf(
        `${end}\0${errorCode}\0${usageSource}\0${policy}\0${isCut}\0${attempts}`,
        () => [end, errorCode, usageSource, policy, isCut, attempts],
      );
    },
    served: (nodeId, modelId) => servings.numberOf(`${nodeId}\0${modelId}`, () => [nodeId, modelId]),
    forget() {
      for (const numbering of [keys, services, outcomes, servings]) numbering.forget();
    },
  };
}

/** `name` is what is remembered; `values` are asked for only when it is not known. */
function createNumbering(database: Database, table: string, columns: readonly string[]) {
  const where = columns.map((column) => `${column} = ?`).join(' AND ');
  const select: Statement<Value[], number> = database
    .prepare<Value[], number>(`SELECT id FROM ${table} WHERE ${where}`)
    .pluck();
  const insert = database.prepare<Value[]>(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  const known = new Map<string, number>();
  return {
    numberOf(name: string, values: () => Value[]): number {
      const remembered = known.get(name);
      if (remembered !== undefined) return remembered;
      const row = values();
      const id = select.get(...row) ?? Number(insert.run(...row).lastInsertRowid);
      if (known.size >= REMEMBERED_MAX) known.clear();
      known.set(name, id);
      return id;
    },
    forget: () => known.clear(),
  };
}
