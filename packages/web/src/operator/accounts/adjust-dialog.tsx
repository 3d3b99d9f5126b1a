import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { AdjustCredit, OperatorAccount } from '@switchyard/protocol/console/operator.ts';
import { useState, type FormEvent } from 'react';
import { sendJson } from '../../api/client.ts';
import { withFreshSignIn } from '../../session/fresh.tsx';
import { ConfirmDialog } from '../../ui/confirm.tsx';
import { Dialog, FormActions } from '../../ui/dialog.tsx';
import { SelectField, TextField } from '../../ui/field.tsx';
import { creditsText, Money, readUsd, usdText } from '../../ui/money.tsx';
import { toast } from '../../ui/toast.tsx';
import { operatorPath, refreshOperator } from '../operator-queries.ts';

const REASON_MAX_CHARS = 300;

type Direction = 'add' | 'take';

/** Asks for amount and reason; then shows account and amount once more before anything is posted. */
export function AdjustDialog({ account, onClose }: { account: OperatorAccount; onClose: () => void }) {
  const [direction, setDirection] = useState<Direction>('add');
  const [amount, setAmount] = useState('');
  const [reason, setReason] = useState('');
  const [error, setError] = useState<string>();
  const [posting, setPosting] = useState<AdjustCredit>();
  const review = (event: FormEvent) => {
    event.preventDefault();
    const micros = readUsd(amount);
    setError(micros === undefined ? 'An amount above 0 in US dollars, such as 12.50.' : undefined);
    if (micros === undefined) return;
    setPosting({
      amountMicros: direction === 'add' ? micros : -micros,
      reason: reason.trim(),
      requestId: newRequestId(),
    });
  };
  if (posting !== undefined) {
    return (
      <ConfirmPosting
        account={account}
        posting={posting}
        onBack={() => setPosting(undefined)}
        onDone={onClose}
      />
    );
  }
  return (
    <Dialog
      title={`Adjust the balance of “${account.name}”`}
      description={
        <>
          It has <Money micros={account.balance.available.micros} /> free now.
        </>
      }
      open
      onClose={onClose}
    >
      <form onSubmit={review} className="grid gap-4">
        <SelectField
          label="What"
          value={direction}
          onValue={(value) => setDirection(value === 'take' ? 'take' : 'add')}
          options={[
            { value: 'add', label: 'Add credit' },
            { value: 'take', label: 'Take credit away' },
          ]}
        />
        <TextField
          label="Amount in US dollars"
          inputMode="decimal"
          autoComplete="off"
          required
          value={amount}
          onChange={(event) => setAmount(event.target.value)}
          error={error}
          hint={direction === 'take' ? 'At most what is free; held money is not touched.' : undefined}
        />
        <TextField
          label="Reason"
          required
          maxLength={REASON_MAX_CHARS}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          hint="The members of the account read it in their ledger."
        />
        <FormActions action="Review" onClose={onClose} />
      </form>
    </Dialog>
  );
}

function ConfirmPosting(props: {
  account: OperatorAccount;
  posting: AdjustCredit;
  onBack: () => void;
  onDone: () => void;
}) {
  const { account, posting, onBack, onDone } = props;
  const client = useQueryClient();
  const adds = posting.amountMicros > 0;
  const micros = Math.abs(posting.amountMicros);
  const words = adds ? `Add ${usdText(micros)} to` : `Take ${usdText(micros)} from`;
  const post = useMutation({
    // A second try after a lost answer has the same id, and so posts nothing twice.
    mutationFn: () =>
      withFreshSignIn(() =>
        sendJson<OperatorAccount>('POST', operatorPath('accounts', account.id, 'adjust'), posting),
      ),
    onSuccess: async () => {
      await refreshOperator(client, 'accounts');
      toast(`${adds ? 'Added' : 'Took'} ${usdText(micros)}: “${account.name}”`);
      onDone();
    },
  });
  return (
    <ConfirmDialog
      title={`${words} “${account.name}”?`}
      action={adds ? `Add ${usdText(micros)}` : `Take ${usdText(micros)}`}
      open
      busy={post.isPending}
      error={post.error}
      onConfirm={() => post.mutate()}
      onClose={onBack}
    >
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-1.5">
        <dt className="text-soft">Account</dt>
        <dd>
          <span className="font-semibold">{account.name}</span>{' '}
          <code className="font-mono text-xs text-soft">{account.id}</code>
        </dd>
        <dt className="text-soft">Amount</dt>
        <dd className="font-semibold">
          <Money micros={posting.amountMicros} signed /> ({creditsText(posting.amountMicros)})
        </dd>
        <dt className="text-soft">Free afterwards</dt>
        <dd>
          <Money micros={account.balance.available.micros + posting.amountMicros} />
        </dd>
        <dt className="text-soft">Reason</dt>
        <dd className="break-words">{posting.reason}</dd>
      </dl>
      <p className="text-soft">A posting stays in the ledger for ever. To undo it, make the opposite one.</p>
    </ConfirmDialog>
  );
}

/** 32 hexadecimal digits. `crypto.randomUUID` is missing on plain http. */
function newRequestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
