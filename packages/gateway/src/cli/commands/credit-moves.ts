import type { Command } from 'commander';
import { newId } from '../../core/ids.ts';
import { leaf, withSession } from '../command.ts';
import type { Shell } from '../command.ts';
import type { CommonOptions } from '../session.ts';
import { showMoney } from '../show.ts';
import { given, readAmount } from '../values.ts';
import { showBooked, withReference } from './booked.ts';

type MoveOptions = CommonOptions & { credits?: string; usd?: string; reason: string; id?: string };

/** `switchyard credit transfer`, `refund` and `allowance` */
export function addCreditMoveCommands(credit: Command, shell: Shell): void {
  leaf(credit, 'transfer <from> <to>', 'Move paid credit from one account to another', [
    [
      'switchyard credit transfer alice bob --usd 5 --reason "shared invoice"',
      'at most what is not reserved',
    ],
  ])
    .option('--credits <amount>', 'how much, in credits ($0.01 each)')
    .option('--usd <amount>', 'how much, in dollars')
    .requiredOption('--reason <text>', 'why, for the records')
    .option('--id <text>', 'your own reference: the same id is booked only once')
    .action((from: string, to: string, options: MoveOptions) =>
      withSession(shell, options, async (session, output) => {
        const id = options.id ?? newId('txn');
        const input = { from, to, amountMicros: readAmount(options), reason: options.reason, id };
        const booked = await session.call('credit.transfer', input).catch((error: unknown) => {
          throw withReference(error, id);
        });
        showBooked(
          output,
          booked,
          `${showMoney(booked.amount)} from ${booked.account.name} to ${booked.to.name}`,
        );
      }),
    );

  leaf(credit, 'refund <request>', 'Give back what a request was charged, or a part', [
    ['switchyard credit refund req_... --reason "wrong answer"', 'all that is left of its charge'],
    [
      'switchyard credit refund req_... --credits 2 --reason "slow"',
      'a part; all parts together at most the charge',
    ],
  ])
    .option('--credits <amount>', 'how much, in credits ($0.01 each); default: all')
    .option('--usd <amount>', 'how much, in dollars')
    .requiredOption('--reason <text>', 'why, for the records')
    .option('--id <text>', 'your own reference: the same id is booked only once')
    .action((request: string, options: MoveOptions) =>
      withSession(shell, options, async (session, output) => {
        const id = options.id ?? newId('txn');
        const isPart = options.credits !== undefined || options.usd !== undefined;
        const amountMicros = isPart ? readAmount(options) : undefined;
        const input = { request, reason: options.reason, id, ...given({ amountMicros }) };
        const booked = await session.call('credit.refund', input).catch((error: unknown) => {
          throw withReference(error, id);
        });
        showBooked(output, booked, `${showMoney(booked.amount)} back to ${booked.account.name}`);
      }),
    );

  leaf(credit, 'allowance <account>', 'Give an account its allowance of a day, which ends with the day', [
    [
      'switchyard credit allowance alice --credits 50 --reason "free tier"',
      'once for each account and UTC day',
    ],
  ])
    .option('--credits <amount>', 'how much, in credits ($0.01 each)')
    .option('--usd <amount>', 'how much, in dollars')
    .option('--day <day>', 'UTC day such as 2026-11-20 (default: today)')
    .requiredOption('--reason <text>', 'why, for the records')
    .action((account: string, options: MoveOptions & { day?: string }) =>
      withSession(shell, options, async (session, output) => {
        const { reason, day } = options;
        const input = { account, amountMicros: readAmount(options), reason, ...given({ day }) };
        const booked = await session.call('credit.allowance', input);
        showBooked(output, booked, `${showMoney(booked.amount)} for ${booked.account.name} on ${booked.day}`);
      }),
    );
}
