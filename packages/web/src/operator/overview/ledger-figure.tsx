import type { OperatorOverview } from '@switchyard/protocol/console/operator.ts';
import type { ReactNode } from 'react';
import { Money } from '../../ui/money.tsx';
import type { Tone } from '../../ui/notice.tsx';
import { Figure } from '../../ui/page.tsx';
import { Status } from '../../ui/status.tsx';
import { Time } from '../../ui/time.tsx';
import { countText } from '../texts.ts';

type Ledger = OperatorOverview['ledger'];

/** Whether the books add up: all postings of all accounts together must be 0. They are checked every hour. */
export function LedgerFigure({ ledger }: { ledger: Ledger }) {
  const { tone, word } = ledgerState(ledger);
  const sum = ledger.check?.sum ?? null;
  return (
    <Figure label="Sum of all postings" note={<CheckNote ledger={ledger} />}>
      <span className="flex flex-wrap items-baseline gap-x-3">
        {sum === null ? <span>unknown</span> : <Money micros={sum.micros} signed />}
        <span className="text-sm font-medium">
          <Status tone={tone}>{word}</Status>
        </span>
      </span>
    </Figure>
  );
}

function ledgerState({ healthy, check }: Ledger): { tone: Tone; word: string } {
  if (!healthy) return { tone: 'bad', word: 'cannot be written' };
  switch (check?.state) {
    case 'broken':
      return { tone: 'bad', word: 'does not add up' };
    case 'sound':
      return { tone: 'good', word: 'adds up' };
    case 'failed':
      return { tone: 'warn', word: 'could not be checked' };
    case undefined:
      return { tone: 'plain', word: 'not checked yet' };
  }
}

function CheckNote({ ledger: { healthy, check } }: { ledger: Ledger }): ReactNode {
  if (!healthy) return 'No paid request is taken until it can be written again.';
  if (check === null)
    return 'Must be 0. The first check comes a minute after the start, then one every hour.';
  return (
    <>
      {noteWords(check)} <Time at={check.at} />
    </>
  );
}

function noteWords({ state, sum }: NonNullable<Ledger['check']>): string {
  if (sum === null) return 'Must be 0. Tried';
  const transfers = countText(sum.transfers, 'transfer');
  if (sum.micros !== 0) return `Must be 0 and is not. ${transfers} checked`;
  return state === 'broken'
    ? `It is 0, but single rows are wrong: run “switchyard reconcile”. ${transfers} checked`
    : `It is 0, as it must be. ${transfers} checked`;
}
