import { useQueryClient } from '@tanstack/react-query';
import type { Member, MemberShare, UpdateMemberLimits } from '@switchyard/protocol/console/members.ts';
import { useState } from 'react';
import { accountPath, sendJson } from '../../api/client.ts';
import { refresh } from '../../api/queries.ts';
import { withFreshSignIn } from '../../session/fresh.tsx';
import { useSignedIn } from '../../session/session.tsx';
import { Dialog, FormActions } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { AMOUNT_WRONG, COUNT_WRONG, readLimitCount, readLimitUsd } from '../../ui/limit-input.ts';
import { usdText } from '../../ui/money.tsx';
import { ErrorNotice } from '../../ui/states.tsx';
import { toast } from '../../ui/toast.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';

const AMOUNTS = [
  { name: 'day', label: 'Limit a day, in US dollars', so: 'Spent today' },
  { name: 'week', label: 'Limit a week, in US dollars', so: 'Spent since Monday' },
  { name: 'month', label: 'Limit a month, in US dollars', so: 'Spent this month' },
] as const;
const COUNTS = [
  { name: 'requestsPerMinute', label: 'Requests a minute' },
  { name: 'concurrency', label: 'Requests at once' },
] as const;

type Texts = Record<(typeof AMOUNTS)[number]['name'] | (typeof COUNTS)[number]['name'], string>;

/** What all keys of one member may do together. Empty: no such limit. */
export function MemberLimitsDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const { account } = useSignedIn();
  const client = useQueryClient();
  const [texts, setTexts] = useState<Texts>(() => textsOf(member.share));
  const [wrong, setWrong] = useState<keyof Texts>();
  const { busy, error, onSubmit } = useAttempt();
  const save = async () => {
    const limits = readTexts(texts);
    setWrong('wrong' in limits ? limits.wrong : undefined);
    if ('wrong' in limits) return;
    const path = accountPath(account.id, `members/${encodeURIComponent(member.personId)}/limits`);
    await withFreshSignIn(() => sendJson<Member>('PATCH', path, limits));
    await refresh(client, account.id, ['members']);
    toast(`Saved the limits of ${member.name}`);
    onClose();
  };
  const field = (name: keyof Texts) => ({
    placeholder: 'none',
    value: texts[name],
    onChange: (event: { target: { value: string } }) => setTexts({ ...texts, [name]: event.target.value }),
  });
  return (
    <Dialog
      title={`Limits of ${member.name}`}
      description={`They hold for all keys of ${member.name} in ${account.name} together, and for their open pages. Keys of the account are not in them.`}
      open
      onClose={onClose}
    >
      <form onSubmit={onSubmit(save)} className="grid gap-5">
        {error !== undefined && <ErrorNotice error={error} />}
        <div className="grid gap-4 sm:grid-cols-2">
          {AMOUNTS.map(({ name, label, so }) => (
            <TextField
              key={name}
              label={label}
              inputMode="decimal"
              hint={
                member.share === null ? undefined : `${so}: ${usdText(member.share.spend[name].spent.micros)}`
              }
              error={wrong === name ? AMOUNT_WRONG : undefined}
              {...field(name)}
            />
          ))}
          {COUNTS.map(({ name, label }) => (
            <TextField
              key={name}
              label={label}
              inputMode="numeric"
              error={wrong === name ? COUNT_WRONG : undefined}
              {...field(name)}
            />
          ))}
        </div>
        <FormActions action="Save" busy={busy} onClose={onClose} />
      </form>
    </Dialog>
  );
}

function textsOf(share: MemberShare | null): Texts {
  const usd = (name: (typeof AMOUNTS)[number]['name']) => {
    const limit = share?.spend[name].limit ?? null;
    return limit === null ? '' : String(limit.usd);
  };
  return {
    day: usd('day'),
    week: usd('week'),
    month: usd('month'),
    requestsPerMinute: String(share?.requestsPerMinute ?? ''),
    concurrency: String(share?.concurrency ?? ''),
  };
}

/** What was typed as numbers, or which field is wrong. */
function readTexts(texts: Texts): UpdateMemberLimits | { wrong: keyof Texts } {
  const amounts: Partial<Record<keyof Texts, number | null>> = {};
  for (const { name } of AMOUNTS) {
    const amount = readLimitUsd(texts[name]);
    if (amount === undefined) return { wrong: name };
    amounts[name] = amount;
  }
  for (const { name } of COUNTS) {
    const count = readLimitCount(texts[name]);
    if (count === undefined) return { wrong: name };
    amounts[name] = count;
  }
  const { day = null, week = null, month = null, requestsPerMinute = null, concurrency = null } = amounts;
  return {
    dayLimitMicros: day,
    weekLimitMicros: week,
    monthLimitMicros: month,
    requestsPerMinute,
    concurrency,
  };
}
