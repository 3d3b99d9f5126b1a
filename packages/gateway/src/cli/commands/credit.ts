import type { Command } from 'commander';
import { systemClock } from '../../core/clock.ts';
import { newId } from '../../core/ids.ts';
import { group, leaf, withSession } from '../command.ts';
import type { Shell } from '../command.ts';
import { usageFailure } from '../failure.ts';
import type { CommonOptions } from '../session.ts';
import { balanceFields, showMoney } from '../show.ts';
import { given, readAmount, readExpiry } from '../values.ts';
import { showBooked, withReference } from './booked.ts';
import { addCreditHistoryCommand } from './credit-history.ts';
import { addCreditMoveCommands } from './credit-moves.ts';

type AddOptions = CommonOptions & {
  credits?: string;
  usd?: string;
  gift?: boolean;
  adjust?: boolean;
  to?: string;
  expires?: string;
  reason?: string;
  id?: string;
};

/** `switchyard credit ...` */
export function addCreditCommands(program: Command, shell: Shell): void {
  const credit = group(
    program,
    'credit',
    'Money of accounts: add, move and give back credit, balances, history',
  );

  leaf(credit, 'add <account>', 'Book a deposit (default), a gift or an adjustment', [
    ['switchyard credit add alice --usd 20 --reason "invoice 42" --id invoice-42', 'a payment, booked once'],
    ['switchyard credit add alice --credits 100 --gift --expires 30d', 'promotional credit for 30 days'],
    ['switchyard credit add alice --credits -50 --adjust --reason "wrong invoice"', 'takes 50 credits away'],
  ])
    .option('--credits <amount>', 'how much, in credits ($0.01 each)')
    .option('--usd <amount>', 'how much, in dollars')
    .option('--gift', 'promotional credit, spent before paid credit')
    .option('--adjust', 'a correction; may be negative')
    .option('--to <balance>', 'paid or promo (default: promo for gifts, else paid)')
    .option('--expires <time>', 'when a gift ends: 30d, 2w, or a day such as 2026-12-31 (at its end, UTC)')
    .option('--reason <text>', 'why, for the records (needed with --adjust)')
    .option('--id <text>', 'your own reference: the same id is booked only once')
    .action((account: string, options: AddOptions) =>
      withSession(shell, options, async (session, output) => {
        if (options.gift === true && options.adjust === true) {
          throw usageFailure('--gift and --adjust exclude each other', 'Leave one of them out.');
        }
        if (options.adjust === true && options.reason === undefined) {
          throw usageFailure('An adjustment needs a reason', 'Add --reason "why".');
        }
        const kind = options.gift === true ? 'gift' : options.adjust === true ? 'adjustment' : 'deposit';
        const amountMicros = readAmount(options);
        const id = options.id ?? newId('txn');
        const balance = options.to as 'paid' | 'promo' | undefined;
        const reason = options.reason ?? `${kind} by the operator`;
        const expiresAtMs =
          options.expires === undefined
            ? undefined
            : readExpiry(options.expires, '--expires', systemClock.nowMs());
        const input = {
          account,
          amountMicros,
          kind,
          reason,
          id,
          ...given({ balance, expiresAtMs }),
        } as const;
        const booked = await session.call('credit.add', input).catch((error: unknown) => {
          throw withReference(error, id);
        });
        showBooked(output, booked, `${showMoney(booked.amount)} for ${booked.account.name}`);
      }),
    );

  leaf(credit, 'balance <account>', 'Show the balance of an account', [
    ['switchyard credit balance alice --json', 'for programs'],
  ]).action((account: string, options: CommonOptions) =>
    withSession(shell, options, async (session, output) => {
      const found = await session.call('credit.balance', { account });
      output.result(found, (screen) =>
        screen.record([
          ['account', `${found.account.name} (${found.account.id})`],
          ...balanceFields(found.balance),
        ]),
      );
    }),
  );

  addCreditMoveCommands(credit, shell);
  addCreditHistoryCommand(credit, shell);
}
