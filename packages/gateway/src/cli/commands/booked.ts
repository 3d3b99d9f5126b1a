import type { CreditView } from '../../admin/credit.ts';
import { CommandFailure } from '../failure.ts';
import type { Output } from '../output.ts';
import { balanceFields } from '../show.ts';

/** What was booked, and the balance after it. */
export function showBooked(output: Output, booked: CreditView, what: string): void {
  output.result(booked, (screen) => {
    screen.line(
      booked.applied
        ? `Booked ${what}, reference ${booked.id}.`
        : `Reference ${booked.id} was booked before. Nothing was changed.`,
    );
    screen.record(balanceFields(booked.balance));
  });
}

/** After a lost answer the same reference makes a second try safe. */
export function withReference(error: unknown, id: string): unknown {
  if (!(error instanceof CommandFailure) || error.code !== 'connection_lost') return error;
  return new CommandFailure(error.message, {
    code: error.code,
    hint: `Repeat the command with --id ${id}: it is booked once, even if the first try was carried out.`,
  });
}
