import { OWNERS_DRAIN } from '@switchyard/protocol/console/nodes.ts';
import { addNode, addNodeInput, drainNode, listNodes } from '../admin/nodes.ts';
import { removeNode, renameNode, renameNodeInput, resumeNode, showNode } from '../admin/nodes.ts';
import { findNode } from '../admin/lookup.ts';
import { fault } from '../core/errors.ts';
import { failed } from '../core/result.ts';
import { type AccountCall, type ConsoleRow, memberRow } from './row.ts';

const NODES_MAX = 10_000;
const newNode = addNodeInput.omit({ account: true });
const nodeChange = renameNodeInput.omit({ account: true, node: true });

/** An account's own machines. */
export function nodeRows(): ConsoleRow[] {
  return [
    memberRow('viewer', {
      method: 'GET',
      path: 'nodes',
      run: ({ admin, account }) =>
        listNodes(admin, { account: account.id, removed: false, limit: NODES_MAX }),
    }),
    memberRow('developer', {
      method: 'POST',
      path: 'nodes',
      fresh: true,
      input: newNode,
      run: ({ admin, account }, input) => addNode(admin, { ...input, account: account.id }),
    }),
    memberRow('viewer', {
      method: 'GET',
      path: 'nodes/:node',
      run: (call) => showNode(call.admin, reference(call)),
    }),
    memberRow('developer', {
      method: 'PATCH',
      path: 'nodes/:node',
      input: nodeChange,
      run: (call, input) => renameNode(call.admin, { ...input, ...reference(call) }),
    }),
    memberRow('developer', {
      method: 'POST',
      path: 'nodes/:node/drain',
      run: (call) => drainNode(call.admin, { ...reference(call), reason: OWNERS_DRAIN }),
    }),
    memberRow('developer', { method: 'POST', path: 'nodes/:node/resume', run: resumeOwn }),
    memberRow('developer', {
      method: 'DELETE',
      path: 'nodes/:node',
      run: (call) => removeNode(call.admin, reference(call)),
    }),
  ];
}

const reference = ({ account, params }: AccountCall) => ({ account: account.id, node: params['node'] ?? '' });

/** What the operator suspended, the operator resumes. */
function resumeOwn(call: AccountCall) {
  const { account, node } = reference(call);
  const entry = findNode(call.admin.registry.directory, node, account);
  if (!entry.ok) return entry;
  const reason = entry.value.node.suspendedReason;
  if (reason === undefined || reason === OWNERS_DRAIN) return resumeNode(call.admin, { account, node });
  const message = 'The operator suspended this node. Ask them to let it in again.';
  return failed(fault('permission_denied', { message, param: 'node' }));
}
