import { useQuery, useQueryClient } from '@tanstack/react-query';
import type {
  AddDeployment,
  ConsoleDeployment,
  UpdateDeployment,
} from '@switchyard/protocol/console/deployments.ts';
import { useState } from 'react';
import { accountPath, sendJson } from '../../api/client.ts';
import { nodesQuery, refresh } from '../../api/queries.ts';
import { withFreshSignIn } from '../../session/fresh.tsx';
import { useSignedIn } from '../../session/session.tsx';
import { Dialog, FormActions } from '../../ui/dialog.tsx';
import { Checkbox, TextField } from '../../ui/field.tsx';
import { ErrorNotice } from '../../ui/states.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';

/** Adds a deployment, or changes the one that is given; its name stays, because requests carry it. */
export function DeploymentDialog({
  deployment,
  onClose,
}: {
  deployment?: ConsoleDeployment;
  onClose: () => void;
}) {
  const { account } = useSignedIn();
  const client = useQueryClient();
  const privateNodes =
    useQuery(nodesQuery(account.id)).data?.nodes.filter(({ kind }) => kind === 'private') ?? [];
  const [name, setName] = useState(deployment?.name ?? '');
  const [model, setModel] = useState(deployment?.model ?? '');
  const [chosen, setChosen] = useState<readonly string[]>(deployment?.nodes?.map(({ id }) => id) ?? []);
  const { busy, error, onSubmit } = useAttempt();
  const save = async () => {
    const nodes = chosen.length === 0 ? undefined : [...chosen];
    if (deployment === undefined) {
      const input: AddDeployment = {
        name: name.trim(),
        ...(model.trim() === '' ? {} : { model: model.trim() }),
        ...(nodes === undefined ? {} : { nodes }),
      };
      await withFreshSignIn(() => sendJson('POST', accountPath(account.id, 'deployments'), input));
    } else {
      const input: UpdateDeployment = { model: model.trim(), nodes: nodes ?? null };
      const path = accountPath(account.id, `deployments/${encodeURIComponent(deployment.id)}`);
      await withFreshSignIn(() => sendJson('PATCH', path, input));
    }
    await refresh(client, account.id, ['deployments']);
    onClose();
  };
  const toggle = (id: string, on: boolean) =>
    setChosen(on ? [...chosen, id] : chosen.filter((other) => other !== id));
  return (
    <Dialog
      title={deployment === undefined ? 'Add a deployment' : `Edit the deployment “${deployment.name}”`}
      open
      onClose={onClose}
    >
      <form onSubmit={onSubmit(save)} className="grid gap-5">
        {error !== undefined && <ErrorNotice error={error} />}
        {deployment === undefined && (
          <TextField
            label="Name"
            hint="What requests carry as the model."
            required
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
        <TextField
          label="Model on the node"
          hint={
            deployment === undefined
              ? 'What the engine calls it. Empty: the same name.'
              : 'What the engine calls it.'
          }
          required={deployment !== undefined}
          value={model}
          onChange={(event) => setModel(event.target.value)}
        />
        <fieldset className="grid gap-2">
          <legend className="mb-1 text-sm font-semibold">Nodes</legend>
          <div className="grid max-h-48 gap-2 overflow-y-auto break-words">
            {privateNodes.map((node) => (
              <Checkbox
                key={node.id}
                label={node.name}
                checked={chosen.includes(node.id)}
                onChecked={(on) => toggle(node.id, on)}
              />
            ))}
          </div>
          <p className="text-[0.8125rem] text-soft">
            None chosen: every private node of the account, later ones too.
          </p>
        </fieldset>
        <FormActions action="Save" busy={busy} onClose={onClose} />
      </form>
    </Dialog>
  );
}
