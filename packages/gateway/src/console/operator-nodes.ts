import { z } from 'zod';
import type { OperatorNode } from '@switchyard/protocol/console/operator.ts';
import type { AdminContext } from '../admin/context.ts';
import { reasonField } from '../admin/fields.ts';
import { timeView } from '../admin/views.ts';
import { drainNode, listNodes, removeNode, resumeNode, showNode, suspendNode } from '../admin/nodes.ts';
import { banNode, listSanctions, pardon, setNodeTier } from '../admin/trust.ts';
import type { NodeView } from '../admin/views.ts';
import type { Fault } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import { type ConsoleRow, operatorRow, type PersonCall } from './row.ts';

const NODES_MAX = 10_000;
const OPERATORS_DRAIN = 'drained by the operator';
const withReason = z.strictObject({ reason: reasonField() });
const sanction = withReason.extend({
  until: z.iso.datetime('must be a time in UTC, as 2026-11-20T12:00:00Z').nullable().default(null),
});
const newTier = withReason.extend({ tier: z.enum(['verified', 'probation']) });

/** All nodes, with what they are trusted with. */
export function operatorNodeRows(): ConsoleRow[] {
  const shown = ({ admin }: PersonCall, found: Result<NodeView, Fault>) =>
    found.ok ? ok(view(admin, found.value)) : found;
  return [
    operatorRow({
      method: 'GET',
      path: 'nodes',
      run({ admin }) {
        const all = listNodes(admin, { removed: false, limit: NODES_MAX });
        if (!all.ok) return all;
        const { nodes, total } = all.value;
        return ok({ nodes: nodes.map((node) => view(admin, node)), total });
      },
    }),
    operatorRow({
      method: 'POST',
      path: 'nodes/:node/drain',
      run: async (call) =>
        shown(call, await drainNode(call.admin, { ...named(call), reason: OPERATORS_DRAIN })),
    }),
    operatorRow({
      method: 'POST',
      path: 'nodes/:node/resume',
      run: async (call) => shown(call, await resumeNode(call.admin, named(call))),
    }),
    operatorRow({
      method: 'DELETE',
      path: 'nodes/:node',
      run: async (call) => shown(call, await removeNode(call.admin, named(call))),
    }),
    operatorRow({
      method: 'POST',
      path: 'nodes/:node/sanction',
      fresh: true,
      input: sanction,
      async run(call, { reason, until }) {
        if (until === null) return shown(call, await suspendNode(call.admin, { ...named(call), reason }));
        const banned = await banNode(call.admin, { ...named(call), reason, until });
        return banned.ok ? shown(call, showNode(call.admin, named(call))) : banned;
      },
    }),
    operatorRow({
      method: 'POST',
      path: 'nodes/:node/tier',
      fresh: true,
      input: newTier,
      async run(call, input) {
        const set = await setNodeTier(call.admin, { ...named(call), ...input });
        return set.ok ? shown(call, showNode(call.admin, named(call))) : set;
      },
    }),
    operatorRow({
      method: 'POST',
      path: 'nodes/:node/pardon',
      fresh: true,
      input: withReason,
      async run(call, { reason }) {
        const lifted = await pardon(call.admin, { ...named(call), reason });
        return lifted.ok ? shown(call, showNode(call.admin, named(call))) : lifted;
      },
    }),
  ];
}

function view(admin: AdminContext, node: NodeView): OperatorNode {
  const { book } = admin.trust;
  const { tier, weight } = book.standing(node.id);
  const { settledJobs, firstSettledAtMs, approvedAtMs, canaries, checks } = book.record(node.id);
  const sanctions = listSanctions(admin, { node: node.id, all: true });
  const good = (verdicts: readonly boolean[]) => verdicts.filter(Boolean).length;
  return {
    ...node,
    tier,
    workShare: weight,
    record: {
      paidJobs: settledJobs,
      firstPaidAt: firstSettledAtMs === undefined ? null : timeView(firstSettledAtMs),
      approvedAt: approvedAtMs === undefined ? null : timeView(approvedAtMs),
      tests: { passed: good(canaries), failed: canaries.length - good(canaries) },
      checks: { clean: good(checks), suspicious: checks.length - good(checks) },
    },
    sanctions: sanctions.ok ? sanctions.value.sanctions : [],
  };
}

const named = ({ params }: PersonCall) => ({ node: params['node'] ?? '' });
