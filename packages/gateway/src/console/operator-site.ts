import { z } from 'zod';
import type {
  AuditPage,
  ContentRules,
  OperatorConfig,
  OperatorUpstream,
} from '@switchyard/protocol/console/operator.ts';
import type { MaintenanceSwitch } from '../admin/maintenance.ts';
import { listAudit } from '../admin/records.ts';
import { timeView } from '../admin/views.ts';
import type { AdminContext } from '../admin/context.ts';
import type { Fault } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import type { UpstreamFault, UpstreamFaults } from '../observe/upstream-faults.ts';
import type { UpstreamStatus } from '../observe/upstreams.ts';
import { type ConsoleRow, operatorRow } from './row.ts';

export type OperatorSiteDeps = {
  upstreams(): Iterable<UpstreamStatus>;
  lastFault: UpstreamFaults['last'];
  contentRules(): ContentRules;
  /** The effective configuration, without secrets. */
  configValues: OperatorConfig['values'];
  maintenance: MaintenanceSwitch;
  /** Tells the pages that are open. */
  onMaintenance(message: string): void;
};

const AUDIT_MAX = 10_000;
const PAGE_MAX = 200;

const digits = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a whole number')
  .transform(Number);
const part = z.string().max(100).optional();
const auditQuery = z.strictObject({
  limit: digits.refine((count) => count >= 1 && count <= PAGE_MAX, `must be 1 to ${PAGE_MAX}`).default(50),
  /** How many lines the pages before had. */
  cursor: digits.refine((count) => count < AUDIT_MAX, 'is too far back').default(0),
  actor: part,
  action: part,
  subject: part,
});
const switched = z.strictObject({ on: z.boolean(), message: z.string().trim().max(300).default('') });

/** The site as a whole: providers, rules, who changed what, configuration, and the switch for maintenance. */
export function operatorSiteRows(deps: OperatorSiteDeps): ConsoleRow[] {
  const { maintenance } = deps;
  return [
    operatorRow({
      method: 'GET',
      path: 'upstreams',
      run: () =>
        ok({
          upstreams: [...deps.upstreams()].map((status) => upstreamView(status, deps.lastFault(status.name))),
        }),
    }),
    operatorRow({ method: 'GET', path: 'content-rules', run: () => ok(deps.contentRules()) }),
    operatorRow({ method: 'GET', path: 'config', run: () => ok({ values: deps.configValues }) }),
    operatorRow({
      method: 'GET',
      path: 'audit',
      input: auditQuery,
      run: ({ admin }, query) => auditPage(admin, query),
    }),
    operatorRow({ method: 'GET', path: 'maintenance', run: () => ok(maintenance.state()) }),
    operatorRow({
      method: 'PUT',
      path: 'maintenance',
      fresh: true,
      input: switched,
      async run({ admin }, wanted) {
        await maintenance.set(admin.actor, wanted);
        const words = wanted.on ? 'New requests are paused for maintenance.' : 'Maintenance is over.';
        deps.onMaintenance(wanted.on && wanted.message !== '' ? wanted.message : words);
        return ok(maintenance.state());
      },
    }),
  ];
}

async function auditPage(
  admin: AdminContext,
  { limit, cursor, ...parts }: z.output<typeof auditQuery>,
): Promise<Result<AuditPage, Fault>> {
  const isFiltered = Object.values(parts).some((wanted) => wanted !== undefined && wanted !== '');
  // One line more shows that there is another page. With a filter nobody knows how far back it goes.
  const all = await listAudit(admin, {
    limit: isFiltered ? AUDIT_MAX : Math.min(AUDIT_MAX, cursor + limit + 1),
  });
  if (!all.ok) return all;
  const has = (text: string, wanted = '') => text.toLowerCase().includes(wanted.toLowerCase());
  const entries = all.value.entries.filter(
    ({ actor, action, subject }) =>
      has(actor, parts.actor) && has(action, parts.action) && has(subject, parts.subject),
  );
  const hasMore = entries.length > cursor + limit;
  return ok({
    entries: entries.slice(cursor, cursor + limit),
    nextCursor: hasMore ? String(cursor + limit) : null,
  });
}

function upstreamView(
  { name, keys, breakers }: UpstreamStatus,
  fault: UpstreamFault | undefined,
): OperatorUpstream {
  return {
    name,
    keys: { ready: keys.ready, resting: keys.resting, setAside: keys['set-aside'] },
    breakers: breakers.map(({ model, phase }) => ({ model, phase })),
    lastFault: fault === undefined ? null : { at: timeView(fault.atMs), cause: fault.cause },
  };
}
