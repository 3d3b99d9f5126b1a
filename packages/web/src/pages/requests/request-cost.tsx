import type { PriceLine, RequestDetail } from '@switchyard/protocol/console/requests.ts';
import type { ReactNode } from 'react';
import { creditsText, Money, usdText } from '../../ui/money.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Section } from '../../ui/page.tsx';
import { Table, type Column } from '../../ui/table.tsx';

/** What the tokens make at the price of that time, and the rule that made the charge of it. */
export function Cost({ request }: { request: RequestDetail }) {
  const { price, policy, cutAtHold } = request;
  return (
    <Section
      title="What it cost"
      hint={
        <>
          {SOURCES[request.usageSource] ?? 'Tokens'} Price version{' '}
          <code className="font-mono text-xs">{request.priceVersion}</code>, as it was in force then.
        </>
      }
    >
      {price.type === 'per-token' ? (
        <TokenCost price={price} />
      ) : (
        <p className="text-sm">
          {price.type === 'flat'
            ? `A fixed price: ${creditsText(price.amount.micros)} (${usdText(price.amount.micros)}) for a request or a picture, whatever its tokens.`
            : 'The price of that time is not known any more; only its name is.'}
        </p>
      )}
      {policy !== null && <p className="max-w-prose text-sm">{policy.means}</p>}
      {cutAtHold && (
        <Notice tone="plain">
          The tokens were worth more than what had been held. Only the hold was charged.
        </Notice>
      )}
    </Section>
  );
}

const SOURCES: Readonly<Record<string, string>> = {
  reported: 'Tokens as the model’s engine reported them.',
  counted: 'Tokens as the gateway counted them.',
  none: 'No tokens were counted.',
};

type TokenPrice = Extract<RequestDetail['price'], { type: 'per-token' }>;

const COST_COLUMNS: readonly Column<PriceLine>[] = [
  { name: 'Kind', cell: ({ kind }) => kind },
  { name: 'Tokens', right: true, cell: ({ tokens }) => <Digits>{tokens.toLocaleString('en-US')}</Digits> },
  {
    name: 'A million cost',
    right: true,
    cell: ({ perMillion }) => <Digits>{usdText(perMillion.micros)}</Digits>,
  },
  { name: 'Makes', right: true, cell: ({ usd }) => <Digits>${usd}</Digits> },
];

function Digits({ children }: { children: ReactNode }) {
  return <span className="whitespace-nowrap tabular-nums">{children}</span>;
}

function TokenCost({ price: { lines, worth, minimum } }: { price: TokenPrice }) {
  return (
    <>
      <Table
        label="Tokens by kind"
        rows={lines.filter(({ kind, tokens }) => tokens > 0 || kind === 'input' || kind === 'output')}
        keyOf={({ kind }) => kind}
        columns={COST_COLUMNS}
      />
      <p className="text-sm">
        Together <Money micros={worth.micros} />, rounded up once to a millionth of a dollar
        {minimum.micros > 0 && `; an answer costs ${usdText(minimum.micros)} at least`}.
      </p>
    </>
  );
}

type Movement = { id: string; what: string; note: string; micros: number };

const MOVEMENT_COLUMNS: readonly Column<Movement>[] = [
  { name: 'What', cell: ({ what }) => <span className="font-medium">{what}</span> },
  { name: 'Meaning', cell: ({ note }) => <span className="text-soft">{note}</span> },
  { name: 'Amount', right: true, cell: ({ micros }) => <Money micros={micros} signed /> },
];

/** Hold, charge and refund, as the ledger has them. */
export function Movements({ money }: { money: RequestDetail['money'] }) {
  return (
    <Section title="Money" hint="What moved in the account because of this request.">
      <Table
        label="Money of the request"
        rows={movementsOf(money)}
        keyOf={({ id }) => id}
        columns={MOVEMENT_COLUMNS}
      />
    </Section>
  );
}

const BALANCES = { paid: 'paid credit', given: 'given credit or allowance' } as const;

function movementsOf({ held, charged, charges, refunds }: RequestDetail['money']): Movement[] {
  const taken =
    charges === null
      ? [{ id: 'charge', what: 'charged', note: 'summed up by day in the ledger', micros: -charged.micros }]
      : charges.map(({ balance, amount }) => ({
          id: `charge ${balance}`,
          what: 'charged',
          note: `from ${BALANCES[balance]}`,
          micros: -amount.micros,
        }));
  return [
    { id: 'hold', what: 'held', note: 'set aside before it ran', micros: -held.micros },
    { id: 'release', what: 'hold ended', note: 'given free when it ended', micros: held.micros },
    ...taken,
    ...refunds.map(({ id, balance, amount }) => ({
      id,
      what: 'refunded',
      note: `to ${BALANCES[balance]}, ${id}`,
      micros: amount.micros,
    })),
  ];
}
