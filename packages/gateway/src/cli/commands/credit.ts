import type { Command } from 'commander';
import { newId } from '../../core/ids.ts';
import { group, leaf, withSession } from '../command.ts';
import type { Shell } from '../command.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import type { CommonOptions } from '../session.ts';
import { balanceFields, showMoney } from '../show.ts';
import { given, readAmount } from '../values.ts';

type AddOptions = CommonOptions & {
  credits?: string;
  usd?: string;
  gift?: boolean;
  adjust?: boolean;
  to?: string;
  reason?: string;
  id?: string;
};

/** `switchyard credit ...` */
export function addCreditCommands(program: Command, shell: Shell): void {
  const credit = group(program, 'credit', 'Money of accounts: add credit, show balances');

  leaf(credit, 'add <account>', 'Book a deposit (default), a gift or an adjustment', [
    ['switchyard credit add alice --usd 20 --reason "invoice 42" --id invoice-42', 'a payment, booked once'],
    ['switchyard credit add alice --credits 100 --gift', 'promotional credit'],
    ['switchyard credit add alice --credits -50 --adjust --reason "wrong invoice"', 'takes 50 credits away'],
  ])
    .option('--credits <amount>', 'how much, in credits ($0.01 each)')
    .option('--usd <amount>', 'how much, in dollars')
    .option('--gift', 'promotional credit, spent before paid credit')
    .option('--adjust', 'a correction; may be negative')
    .option('--to <balance>', 'paid or promo (default: promo for gifts, else paid)')
    .option('--reason <text>', 'why, for the records')
    .option('--id <text>', 'your own reference: the same id is booked only once')
    .action((account: string, options: AddOptions) =>
      withSession(shell, options, async (session, output) => {
        if (options.gift === true && options.adjust === true) {
          throw usageFailure('--gift and --adjust exclude each other', 'Leave one of them out.');
        }
        const kind = options.gift === true ? 'gift' : options.adjust === true ? 'adjustment' : 'deposit';
        const amountMicros = readAmount(options);
        const id = options.id ?? newId('txn');
        const balance = options.to as 'paid' | 'promo' | undefined;
        const reason = options.reason ?? `${kind} by the operator`;
        const input = { account, amountMicros, kind, reason, id, ...given({ balance }) } as const;
        const booked = await session.call('credit.add', input).catch((error: unknown) => {
          throw withReference(error, id);
        });
        output.result(booked, (screen) => {
          screen.line(
            booked.applied
              ? `Booked ${showMoney(booked.amount)} for ${booked.account.name}, reference ${booked.id}.`
              : `Reference ${booked.id} was booked before. Nothing was changed.`,
          );
          screen.record(balanceFields(booked.balance));
        });
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
}

/** After a lost answer the same reference makes a second try safe. */
function withReference(error: unknown, id: string): unknown {
  if (!(error instanceof CommandFailure) || error.code !== 'connection_lost') return error;
  return new CommandFailure(error.message, {
    code: error.code,
    hint: `Repeat the command with --id ${id}: it is booked once, even if the first try was carried out.`,
  });
}
