import { z } from 'zod';
import type { OperatorNode } from '@switchyard/protocol/console/operator.ts';
import type { AdminContext } from '../admin/context.ts';
import { reasonField } from '../admin/fields.ts';
import { drainNode, listNodes, removeNode, resumeNode, showNode, suspendNode } from '../admin/nodes.ts';
import { listSanctions, pardon } from '../admin/trust.ts';
import type { NodeView } from '../admin/views.ts';
import type { Fault } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import { type ConsoleRow, operatorRow, type PersonCall } from './row.ts';

const NODES_MAX = 10_000;
const OPERATORS_DRAIN = 'drained by the operator';
const withReason = z.strictObject({ reason: reasonField() });

/** All nodes, with what they are trusted with. `tierOf`: by id. */
export function operatorNodeRows(tierOf: (nodeId: string) => string): ConsoleRow[] {
  const view = (admin: AdminContext, node: NodeView): OperatorNode => {
    const sanctions = listSanctions(admin, { node: node.id, all: true });
    return { ...node, tier: tierOf(node.id), sanctions: sanctions.ok ? sanctions.value.sanctions : [] };
  };
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
      input: withReason,
      run: async (call, { reason }) => shown(call, await suspendNode(call.admin, { ...named(call), reason })),
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

const named = ({ params }: PersonCall) => ({ node: params['node'] ?? '' });
