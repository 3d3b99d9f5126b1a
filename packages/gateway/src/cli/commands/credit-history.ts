import type { Command } from 'commander';
import type { PostingView } from '../../admin/credit-history.ts';
import { leaf, withSession } from '../command.ts';
import type { Shell } from '../command.ts';
import { usageFailure } from '../failure.ts';
import type { Screen } from '../output.ts';
import type { CommonOptions, Session } from '../session.ts';
import { showCredits, showTime } from '../show.ts';
import { given, parseCount } from '../values.ts';

type HistoryOptions = CommonOptions & { limit: string; before?: string; csv?: boolean; all?: boolean };

/** Rows asked for at once while everything is read. */
const PAGE_ROWS = 1_000;

/** `switchyard credit history` */
export function addCreditHistoryCommand(credit: Command, shell: Shell): void {
  leaf(credit, 'history <account>', "List every movement of an account's money, newest first", [
    ['switchyard credit history alice --limit 20', 'the newest 20'],
    ['switchyard credit history alice --csv --all > alice.csv', 'all of it, for a spreadsheet'],
  ])
    .option('--limit <count>', 'how many, at most 1000', '50')
    .option('--before <place>', 'go on where a page ended')
    .option('--all', 'every page (with --csv)')
    .option('--csv', 'write comma-separated values')
    .action((account: string, options: HistoryOptions) =>
      withSession(shell, options, async (session, output) => {
        if (options.csv === true && options.json === true) {
          throw usageFailure('--csv and --json exclude each other', 'Leave one of them out.');
        }
        if (options.all === true && options.csv !== true) {
          throw usageFailure('--all needs --csv', 'Add --csv, or go on with --before.');
        }
        const before = options.before === undefined ? undefined : readPlace(options.before);
        const limit = options.all === true ? PAGE_ROWS : parseCount(options.limit, '--limit');
        const ask = { account, limit, ...given({ before }) };
        if (options.csv === true) {
          await writeCsv(session, { ask, isWhole: options.all === true, write: output.text });
          return;
        }
        const page = await session.call('credit.history', ask);
        output.result(page, (screen) => showPage(screen, page.postings));
        if (page.next !== null) output.note(`There is more: add --before ${page.next}`);
      }),
    );
}

/** A place in the history is a number of any size that JavaScript holds exactly. */
function readPlace(text: string): number {
  const place = Number(text);
  if (!/^[1-9]\d*$/.test(text) || !Number.isSafeInteger(place)) {
    throw usageFailure('--before is no place in the history', 'Take it from the end of a page.');
  }
  return place;
}

function showPage(screen: Screen, postings: readonly PostingView[]): void {
  screen.table(
    [
      { title: 'TIME (UTC)' },
      { title: 'WHAT' },
      { title: 'BALANCE' },
      { title: 'CREDITS', align: 'right' },
      { title: 'REFERENCE' },
      { title: 'REASON' },
    ],
    postings.map((posting) => [
      showTime(posting.at),
      posting.otherAccount === null ? posting.kind : `${posting.kind} ${posting.otherAccount}`,
      posting.balance,
      showCredits(posting.amount),
      posting.request ?? posting.id,
      posting.reason ?? '',
    ]),
    'Nothing has moved yet.',
  );
}

const CSV_COLUMNS = 'time,kind,balance,micro_usd,credits,other_account,request,id,reason';

async function writeCsv(
  session: Session,
  options: {
    ask: { account: string; limit: number; before?: number };
    isWhole: boolean;
    write(text: string): void;
  },
): Promise<void> {
  options.write(`${CSV_COLUMNS}\n`);
  let { ask } = options;
  for (;;) {
    const { postings, next } = await session.call('credit.history', ask);
    options.write(postings.map(csvLine).join(''));
    if (!options.isWhole || next === null) return;
    ask = { ...ask, before: next };
  }
}

function csvLine(posting: PostingView): string {
  const { at, kind, balance, amount, otherAccount, request, id, reason } = posting;
  const texts = [otherAccount, request, id, reason].map((text) => csvText(text ?? ''));
  return `${[at, kind, balance, amount.micros, amount.credits, ...texts].join(',')}\n`;
}

/** Quoted where it must be. A spreadsheet takes text that begins like a formula for one, so an apostrophe stops it. */
function csvText(text: string): string {
  const safe = /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
