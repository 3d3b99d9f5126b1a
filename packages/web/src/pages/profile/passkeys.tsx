import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { addPasskey, deletePasskey, listPasskeys, type Passkey } from '../../api/auth.ts';
import { passkeysWork } from '../../api/passkeys.ts';
import { withFreshSignIn } from '../../session/fresh.tsx';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/field.tsx';
import { Card, Section } from '../../ui/page.tsx';
import { ErrorNotice, Loaded } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';

export function Passkeys() {
  const passkeys = useQuery({ queryKey: ['passkeys'], queryFn: listPasskeys });
  const client = useQueryClient();
  const [name, setName] = useState('');
  const { busy, error, run, onSubmit } = useAttempt();
  const change = async (act: () => Promise<unknown>) => {
    await withFreshSignIn(act);
    await client.invalidateQueries({ queryKey: ['passkeys'] });
    setName('');
  };
  return (
    <Section title="Passkeys" hint="Sign in with your device instead of a password.">
      <Card className="grid gap-4">
        {error !== undefined && <ErrorNotice error={error} />}
        <Loaded query={passkeys} lines={2}>
          {(rows) => (
            <PasskeyList
              rows={rows}
              busy={busy}
              onRemove={({ id }) => void run(() => change(() => deletePasskey(id)))}
            />
          )}
        </Loaded>
        {passkeysWork() ? (
          <form
            onSubmit={onSubmit(() => change(() => addPasskey(name.trim())))}
            className="grid items-end gap-3 sm:grid-cols-[1fr_auto]"
          >
            <TextField
              label="Name of the device"
              required
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
            <Button type="submit" busy={busy}>
              Add a passkey
            </Button>
          </form>
        ) : (
          <p className="text-sm text-soft">Passkeys need https, or localhost.</p>
        )}
      </Card>
    </Section>
  );
}

function PasskeyList(props: { rows: readonly Passkey[]; busy: boolean; onRemove: (row: Passkey) => void }) {
  if (props.rows.length === 0) return <p className="text-sm text-soft">There is none yet.</p>;
  return (
    <ul className="grid gap-2">
      {props.rows.map((row) => (
        <li key={row.id} className="flex items-center justify-between gap-4 text-sm">
          <span>
            <span className="font-medium">{row.name ?? 'Passkey'}</span>
            {row.createdAt !== undefined && (
              <span className="text-soft">
                , since <Time at={row.createdAt} form="date" />
              </span>
            )}
          </span>
          <Button look="quiet" disabled={props.busy} onClick={() => props.onRemove(row)}>
            Remove<span className="sr-only"> {row.name ?? 'the passkey'}</span>
          </Button>
        </li>
      ))}
    </ul>
  );
}
