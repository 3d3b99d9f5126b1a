import { useQuery } from '@tanstack/react-query';
import type { OperatorAccount } from '@switchyard/protocol/console/operator.ts';
import { useState } from 'react';
import { BackLink } from '../../ui/back-link.tsx';
import { Button } from '../../ui/button.tsx';
import { Money } from '../../ui/money.tsx';
import { Figure, Figures, Page } from '../../ui/page.tsx';
import { Loaded } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { useAddressPart } from '../address.ts';
import { operatorAccountQuery } from '../operator-queries.ts';
import { AccountKeys, AccountMembers, AccountRequests } from './account-sections.tsx';
import { AccountState } from './account-state.tsx';
import { AdjustDialog } from './adjust-dialog.tsx';
import { SuspendDialog } from './suspend-dialog.tsx';

export default function AccountPage() {
  const id = useAddressPart('account');
  const account = useQuery(operatorAccountQuery(id));
  return (
    <>
      <BackLink href="/operator/accounts">Accounts</BackLink>
      <Page
        title={account.data?.name ?? 'Account'}
        lead={<code className="font-mono text-sm">{id}</code>}
        action={account.data !== undefined && <AccountActions account={account.data} />}
      >
        <Loaded query={account} lines={6}>
          {(data) => (
            <>
              <Balance account={data} />
              <AccountKeys account={data.id} />
              <AccountMembers account={data.id} />
              <AccountRequests account={data.id} />
            </>
          )}
        </Loaded>
      </Page>
    </>
  );
}

function Balance({ account }: { account: OperatorAccount }) {
  const { balance } = account;
  return (
    <Figures>
      <Figure
        label="Free balance"
        note={
          <>
            <Money micros={balance.held.micros} /> held by running requests
          </>
        }
      >
        <Money micros={balance.available.micros} />
      </Figure>
      <Figure
        label="Of it paid for"
        note={
          <>
            <Money micros={balance.promo.micros} /> given, <Money micros={balance.allowance.micros} />{' '}
            allowance
          </>
        }
      >
        <Money micros={balance.paid.micros} />
      </Figure>
      <Figure
        label="Spent"
        note={
          <>
            <Money micros={balance.deposited.micros} /> deposited
          </>
        }
      >
        <Money micros={balance.spent.micros} />
      </Figure>
      <Figure
        label="State"
        note={
          <>
            since <Time at={account.createdAt} form="date" />
          </>
        }
      >
        <span className="text-lg">
          <AccountState state={account.state} />
        </span>
      </Figure>
    </Figures>
  );
}

function AccountActions({ account }: { account: OperatorAccount }) {
  const [open, setOpen] = useState<'adjust' | 'suspend'>();
  const close = () => setOpen(undefined);
  return (
    <div className="flex flex-wrap gap-2">
      <Button look={account.state === 'active' ? 'danger' : 'plain'} onClick={() => setOpen('suspend')}>
        {account.state === 'active' ? 'Suspend' : 'Let it work again'}
      </Button>
      <Button look="primary" onClick={() => setOpen('adjust')}>
        Adjust the balance
      </Button>
      {open === 'adjust' && <AdjustDialog account={account} onClose={close} />}
      {open === 'suspend' && <SuspendDialog account={account} onClose={close} />}
    </div>
  );
}
