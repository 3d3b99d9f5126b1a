import type { Generated, Insertable, Selectable } from 'kysely';
import type { SanctionReason } from '../../../fleet/trust/sanction.ts';

/** The tables of `switchyard.sqlite` as Kysely sees them. `migrations/` says what each column means. */
export type Tables = {
  account: {
    id: string;
    name: string;
    role: 'operator' | 'person';
    suspended: 0 | 1;
    created_at: number;
  };
  api_key: {
    id: string;
    account_id: string;
    person_id: string | null;
    sha256: Buffer;
    last4: string;
    name: string;
    scopes: string;
    models: string | null;
    deployments: string | null;
    requests_per_minute: number | null;
    concurrency: number | null;
    day_limit_micros: number | null;
    week_limit_micros: number | null;
    month_limit_micros: number | null;
    created_at: number;
    expires_at: number | null;
    revoked_at: number | null;
    last_used_at: number | null;
  };
  member_limit: {
    account_id: string;
    person_id: string;
    requests_per_minute: number | null;
    concurrency: number | null;
    day_limit_micros: number | null;
    week_limit_micros: number | null;
    month_limit_micros: number | null;
  };
  node: {
    id: string;
    name: string;
    pool: string;
    kind: 'shared' | 'private';
    account_id: string;
    sha256: Buffer;
    kid: string;
    created_at: number;
    revoked_at: number | null;
    suspended_reason: string | null;
  };
  deployment: {
    id: string;
    account_id: string;
    name: string;
    remote_model: string;
    nodes: string | null;
    created_at: number;
  };
  node_trust: {
    node_id: string;
    settled_jobs: number;
    first_settled_at: number | null;
    approved_at: number | null;
    canaries: string;
    checks: string;
  };
  sanction: {
    id: string;
    node_id: string;
    kind: 'ban' | 'reduced';
    reason: SanctionReason;
    detail: string;
    at: number;
    expires_at: number;
    lifted_at: number | null;
    lifted_because: string | null;
  };
  calibration: { only: 1; state: string };
  audit: {
    id: Generated<number>;
    at: number;
    actor: string;
    action: string;
    subject: string;
    detail: string;
  };
  meta: { key: string; value: string };
};

export type AccountRow = Selectable<Tables['account']>;
export type KeyRow = Selectable<Tables['api_key']>;
export type NewKeyRow = Omit<Insertable<Tables['api_key']>, 'last_used_at'>;
export type MemberLimitRow = Selectable<Tables['member_limit']>;
export type TrustRow = Selectable<Tables['node_trust']>;
export type SanctionRow = Selectable<Tables['sanction']>;
export type NodeRow = Selectable<Tables['node']>;
export type DeploymentRow = Selectable<Tables['deployment']>;
