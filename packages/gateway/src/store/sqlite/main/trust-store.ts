import type { Kysely } from 'kysely';
import type { Clock } from '../../../core/clock.ts';
import type { CalibrationState } from '../../../fleet/trust/calibration.ts';
import type { TrustRecord } from '../../../fleet/trust/record.ts';
import type { Sanction } from '../../../fleet/trust/sanction.ts';
import type { TrustStore } from '../../../fleet/trust/store.ts';
import type { SanctionRow, Tables, TrustRow } from './tables.ts';

/** Trust in the main database, beside the nodes that it is about. */
export function createTrustStore(db: Kysely<Tables>, clock: Clock): TrustStore {
  return {
    async load() {
      const records = await db.selectFrom('node_trust').selectAll().execute();
      const sanctions = await db.selectFrom('sanction').selectAll().execute();
      const calibration = await db.selectFrom('calibration').select('state').executeTakeFirst();
      return {
        records: new Map(records.map((row) => [row.node_id, recordFromRow(row)])),
        sanctions: sanctions.map(sanctionFromRow),
        calibration:
          calibration === undefined ? undefined : (JSON.parse(calibration.state) as CalibrationState),
      };
    },
    async saveRecords(records, calibration) {
      await db.transaction().execute(async (transaction) => {
        for (const [nodeId, record] of records) {
          const { node_id, ...rest } = recordToRow(nodeId, record);
          await transaction
            .insertInto('node_trust')
            .values({ node_id, ...rest })
            .onConflict((conflict) => conflict.column('node_id').doUpdateSet(rest))
            .execute();
        }
        const state = JSON.stringify(calibration);
        await transaction
          .insertInto('calibration')
          .values({ only: 1, state })
          .onConflict((conflict) => conflict.column('only').doUpdateSet({ state }))
          .execute();
      });
    },
    async saveSanctions(sanctions, actor) {
      await db.transaction().execute(async (transaction) => {
        for (const sanction of sanctions) {
          const { id, ...rest } = sanctionToRow(sanction);
          await transaction
            .insertInto('sanction')
            .values({ id, ...rest })
            .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
            .execute();
          const action = sanction.liftedAtMs === undefined ? `node.${sanction.kind}` : 'node.pardon';
          const detail = sanction.liftedBecause ?? `${sanction.reason}: ${sanction.detail}`;
          await transaction
            .insertInto('audit')
            .values({ at: clock.nowMs(), actor, action, subject: sanction.nodeId, detail })
            .execute();
        }
      });
    },
  };
}

function recordToRow(nodeId: string, record: TrustRecord): TrustRow {
  return {
    node_id: nodeId,
    settled_jobs: record.settledJobs,
    first_settled_at: record.firstSettledAtMs ?? null,
    approved_at: record.approvedAtMs ?? null,
    canaries: verdictsToText(record.canaries),
    checks: verdictsToText(record.checks),
  };
}

function recordFromRow(row: TrustRow): TrustRecord {
  return {
    settledJobs: row.settled_jobs,
    firstSettledAtMs: row.first_settled_at ?? undefined,
    approvedAtMs: row.approved_at ?? undefined,
    canaries: verdictsFromText(row.canaries),
    checks: verdictsFromText(row.checks),
  };
}

/** `1101`: the oldest first. */
function verdictsToText(verdicts: readonly boolean[]): string {
  return verdicts.map((isGood) => (isGood ? '1' : '0')).join('');
}

function verdictsFromText(text: string): boolean[] {
  return Array.from(text, (mark) => mark === '1');
}

function sanctionToRow(sanction: Sanction): SanctionRow {
  return {
    id: sanction.id,
    node_id: sanction.nodeId,
    kind: sanction.kind,
    reason: sanction.reason,
    detail: sanction.detail,
    at: sanction.atMs,
    expires_at: sanction.expiresAtMs,
    lifted_at: sanction.liftedAtMs ?? null,
    lifted_because: sanction.liftedBecause ?? null,
  };
}

function sanctionFromRow(row: SanctionRow): Sanction {
  return {
    id: row.id,
    nodeId: row.node_id,
    kind: row.kind,
    reason: row.reason,
    detail: row.detail,
    atMs: row.at,
    expiresAtMs: row.expires_at,
    liftedAtMs: row.lifted_at ?? undefined,
    liftedBecause: row.lifted_because ?? undefined,
  };
}
