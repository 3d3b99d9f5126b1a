import {
  addDeployment,
  addDeploymentInput,
  listDeployments,
  removeDeployment,
  updateDeployment,
  updateDeploymentInput,
} from '../admin/deployments.ts';
import { type AccountCall, type ConsoleRow, memberRow } from './row.ts';

const DEPLOYMENTS_MAX = 10_000;
const newDeployment = addDeploymentInput.omit({ account: true });
const deploymentChange = updateDeploymentInput.omit({ account: true, deployment: true });

/** An account's own models. */
export function deploymentRows(): ConsoleRow[] {
  return [
    memberRow('viewer', {
      method: 'GET',
      path: 'deployments',
      run: ({ admin, account }) => listDeployments(admin, { account: account.id, limit: DEPLOYMENTS_MAX }),
    }),
    memberRow('developer', {
      method: 'POST',
      path: 'deployments',
      input: newDeployment,
      run: ({ admin, account }, input) => addDeployment(admin, { ...input, account: account.id }),
    }),
    memberRow('developer', {
      method: 'PATCH',
      path: 'deployments/:deployment',
      input: deploymentChange,
      run: (call, input) => updateDeployment(call.admin, { ...input, ...reference(call) }),
    }),
    memberRow('developer', {
      method: 'DELETE',
      path: 'deployments/:deployment',
      run: (call) => removeDeployment(call.admin, reference(call)),
    }),
  ];
}

const reference = ({ account, params }: AccountCall) => ({
  account: account.id,
  deployment: params['deployment'] ?? '',
});
