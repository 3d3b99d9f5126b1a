import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { CreateKey, NewKey } from '@switchyard/protocol/console/keys.ts';
import type { Member } from '@switchyard/protocol/console/members.ts';
import { useState } from 'react';
import { accountPath, sendJson } from '../../api/client.ts';
import { membersQuery, refresh } from '../../api/queries.ts';
import { withFreshSignIn } from '../../session/fresh.tsx';
import { useMay, useSignedIn } from '../../session/session.tsx';
import { Dialog, FormActions } from '../../ui/dialog.tsx';
import { SelectField, TextField } from '../../ui/field.tsx';
import { ErrorNotice } from '../../ui/states.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';
import { LimitFields, NO_LIMITS, readLimits, type LimitTexts } from './limits.tsx';
import { SecretDialog } from './secret-dialog.tsx';

const DAY_MS = 86_400_000;
const EXPIRIES = [
  { value: '90', label: 'In 3 months' },
  { value: '30', label: 'In 30 days' },
  { value: '365', label: 'In a year' },
  { value: '', label: 'Never' },
];

/** The account, oneself, then others who may have keys. */
function ownerOptions(members: readonly Member[], me: string) {
  const others = members.filter(({ personId, role }) => personId !== me && role !== 'viewer');
  return [
    { value: '', label: 'The account' },
    { value: me, label: 'Me' },
    ...others.map(({ personId, name, email }) => ({
      value: personId,
      label: email === null ? name : `${name} (${email})`,
    })),
  ];
}

/** Two states: the form, then the secret, once. */
export function CreateKeyDialog({ onClose }: { onClose: () => void }) {
  const { account, person } = useSignedIn();
  const client = useQueryClient();
  const [name, setName] = useState('');
  const mayChoose = useMay('admin');
  const [owner, setOwner] = useState(mayChoose ? '' : person.id);
  const members = useQuery({ ...membersQuery(account.id), enabled: mayChoose }).data?.members ?? [];
  const [days, setDays] = useState('90');
  const [texts, setTexts] = useState<LimitTexts>(NO_LIMITS);
  const [wrong, setWrong] = useState<keyof LimitTexts>();
  const [made, setMade] = useState<NewKey>();
  const { busy, error, onSubmit } = useAttempt();
  const create = async () => {
    const limits = readLimits(texts);
    setWrong('wrong' in limits ? limits.wrong : undefined);
    if ('wrong' in limits) return;
    const { dayLimitMicros, monthLimitMicros, requestsPerMinute, models } = limits;
    const input: CreateKey = {
      name: name.trim(),
      personId: owner === '' ? null : owner,
      ...(dayLimitMicros === null ? {} : { dayLimitMicros }),
      ...(monthLimitMicros === null ? {} : { monthLimitMicros }),
      ...(requestsPerMinute === null ? {} : { requestsPerMinute }),
      ...(models === null ? {} : { models }),
      ...(days === '' ? {} : { expiresInMs: Number(days) * DAY_MS }),
    };
    setMade(await withFreshSignIn(() => sendJson<NewKey>('POST', accountPath(account.id, 'keys'), input)));
    await refresh(client, account.id, ['keys', 'overview', 'members']);
  };
  if (made !== undefined) return <SecretDialog made={made} onClose={onClose} />;
  return (
    <Dialog title="Create a key" open onClose={onClose}>
      <form onSubmit={onSubmit(create)} className="grid gap-5">
        {error !== undefined && <ErrorNotice error={error} />}
        <TextField
          label="Name"
          hint="Such as the program that will use it."
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <SelectField label="Expires" options={EXPIRIES} value={days} onValue={setDays} />
        {mayChoose ? (
          <SelectField
            label="Belongs to"
            hint="A person's key counts in their limits, and ends when they leave."
            options={ownerOptions(members, person.id)}
            value={owner}
            onValue={setOwner}
          />
        ) : (
          <p className="text-sm text-soft">
            It belongs to you: it counts in your limits in {account.name}, and ends when you leave.
          </p>
        )}
        <LimitFields texts={texts} wrong={wrong} onTexts={setTexts} />
        <FormActions action="Create" busy={busy} onClose={onClose} />
      </form>
    </Dialog>
  );
}
