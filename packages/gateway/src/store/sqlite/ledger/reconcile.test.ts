import { copyFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';
import { micros } from '../../../core/money.ts';
import { receiptFor, reservation } from '../../../ledger/testing-receipt.ts';
import type { OperatorLedger } from '../../../ledger/ledger.ts';
import { createVirtualClock } from '../../../testing/virtual-clock.ts';
import { openLedgerStore } from './open.ts';
import { type Invariant, reconcile } from './reconcile.ts';
import { temporaryLedger, temporaryLedgers } from './testing-folder.ts';

const HOUR_MS = 3_600_000;
const newPath = temporaryLedgers();
const clock = createVirtualClock();

/** A ledger with every kind of row: deposit, gift, memory charge over two balances, post, void, open hold. */
async function makeSoundLedger(path: string): Promise<void> {
  const { ledger } = await openLedgerStore({ path, clock });
  const credit = { accountId: 'acc_1', reason: 'test' };
  await ledger.transfer({
    ...credit,
    id: 'dep:1',
    kind: 'deposit',
    balance: 'paid',
    amountMicros: micros(5_000),
  });
  await ledger.transfer({
    ...credit,
    id: 'gift:1',
    kind: 'gift',
    balance: 'promo',
    amountMicros: micros(50),
  });
  for (const [requestId, amount, durable] of [
    ['req_1', 200, false],
    ['req_2', 300, true],
    ['req_3', 0, true],
    ['req_4', 0, false],
  ] as const) {
    const held = ledger.reserve(reservation(requestId, 'acc_1', 400, { durable }));
    if (!held.ok) throw new Error(held.error);
    await ledger.settle(held.value, { amountMicros: micros(amount), receipt: receiptFor(held.value) });
  }
  await earn(ledger);
  const open = ledger.reserve(reservation('req_5', 'acc_1', 100, { durable: true }));
  if (open.ok) await ledger.journaled(open.value);
  const gift = { accountId: 'acc_1', reason: 'test', expiresAtMs: clock.nowMs() + 1_000 };
  await ledger.grant({ ...gift, id: 'grant:1', balance: 'promo', amountMicros: micros(60) });
  await ledger.grant({ ...gift, id: 'grant:2', balance: 'allowance', amountMicros: micros(70) });
  const ids = { id: 'refund:1', requestId: 'req_1', accountId: 'acc_1' };
  await ledger.refund({ ...ids, balance: 'paid', amountMicros: micros(90), reason: 'test' });
  await ledger.move({
    id: 'move:1',
    fromAccountId: 'acc_1',
    toAccountId: 'acc_2',
    amountMicros: micros(40),
    reason: '',
  });
  clock.advance(2_000);
  await ledger.close();
}

/** Earnings in every state: not counted in yet, pending, taken back for a refund and for a ban, payable, paid. */
async function earn(ledger: OperatorLedger): Promise<void> {
  const serve = async (requestId: string, nodeId: string, maturityMs: number) => {
    const held = ledger.reserve(reservation(requestId, 'acc_1', 200));
    if (!held.ok) throw new Error(held.error);
    const earner = { accountId: 'acc_2', shareBps: 7_000, maturityMs };
    const receipt = { ...receiptFor(held.value), nodeId };
    await ledger.settle(held.value, { amountMicros: micros(100), receipt, earner });
  };
  await serve('req_6', 'node_1', 0);
  clock.advance(HOUR_MS);
  await serve('req_7', 'node_1', HOUR_MS * 100);
  await serve('req_8', 'node_2', HOUR_MS * 100);
  ledger.sweep();
  await ledger.payOut({ id: 'payout:1', accountId: 'acc_2', amountMicros: micros(50), reason: '' });
  const refund = { id: 'refund:2', requestId: 'req_7', accountId: 'acc_1', balance: 'paid' } as const;
  await ledger.refund({ ...refund, amountMicros: micros(50), reason: '' });
  await ledger.forfeit({ id: 'ban_1', nodeId: 'node_2', reason: 'test' });
  const canary = { id: 'canary:1', nodeId: 'node_1', modelId: 'model', accountId: 'acc_2' };
  await ledger.reward({ ...canary, amountMicros: micros(5), maturityMs: HOUR_MS * 100 });
  await serve('req_9', 'node_1', HOUR_MS * 100);
}

const original = temporaryLedger();
beforeAll(() => makeSoundLedger(original));

function soundLedger(): string {
  const path = newPath();
  copyFileSync(original, path);
  return path;
}

const USER = "WHERE owner = 'acc_1' AND kind = 'paid'";
/** What a request took from paid credit, or the end of what it had reserved there. */
const endOf = (request: string): string =>
  `WHERE receipt = (SELECT seq FROM receipt WHERE request_id = '${request}') AND debit = (SELECT id FROM account ${USER})`;
const CHARGE = endOf('req_1');
const EARNING = "WHERE code = 9 AND receipt = (SELECT seq FROM receipt WHERE request_id = 'req_9')";
const COPY = 'INSERT INTO transfer (id, kind, pending, receipt, debit, credit, amount, code, at_ms) SELECT';

const PLANTED: [bug: string, sql: string, found: Invariant][] = [
  ['a transfer of nothing', `UPDATE transfer SET amount = 0 ${CHARGE}`, 'I1 transfers are whole'],
  ['a transfer to itself', `UPDATE transfer SET credit = debit ${CHARGE}`, 'I1 transfers are whole'],
  ['a transfer from nowhere', `UPDATE transfer SET debit = 999 ${CHARGE}`, 'I1 transfers are whole'],
  ['a post of no reservation', `UPDATE transfer SET kind = 3 ${CHARGE}`, 'I1 transfers are whole'],
  [
    'money from nothing',
    `UPDATE account SET credits_posted = credits_posted + 1 ${USER}`,
    'I2 debits equal credits',
  ],
  [
    'a reservation from nothing',
    `UPDATE account SET debits_pending = debits_pending + 1 ${USER}`,
    'I2 debits equal credits',
  ],
  ['a charge that grew', `UPDATE transfer SET amount = amount + 1 ${CHARGE}`, 'I3 counters are sums'],
  ['a charge that vanished', `DELETE FROM transfer ${CHARGE}`, 'I3 counters are sums'],
  [
    'a charge that was taken twice',
    `${COPY} NULL, kind, NULL, receipt, debit, credit, amount, code, at_ms FROM transfer ${CHARGE}`,
    'I3 counters are sums',
  ],
  [
    'a counter of charges that is off',
    `UPDATE account SET spent = spent - 1 ${USER}`,
    'I3 counters are sums',
  ],
  [
    'a balance below zero',
    `UPDATE account SET debits_posted = credits_posted + 1 ${USER}`,
    'I4 no user below zero',
  ],
  ['a balance without its check', `UPDATE account SET limited = 0 ${USER}`, 'I4 no user below zero'],
  ['a hold that vanished', 'DELETE FROM hold', 'I5 reservations resolve once'],
  ['a hold of another amount', 'UPDATE hold SET amount = amount + 1', 'I5 reservations resolve once'],
  [
    'a hold of no reservation',
    "INSERT INTO hold VALUES ('req_x', 5, 999, 1, 1, 9e15)",
    'I5 reservations resolve once',
  ],
  [
    'a post above its reservation',
    `UPDATE transfer SET amount = 401 ${endOf('req_2')}`,
    'I5 reservations resolve once',
  ],
  [
    'a void of another amount',
    `UPDATE transfer SET amount = amount - 1 ${endOf('req_3')}`,
    'I5 reservations resolve once',
  ],
  [
    'a reservation that was resolved twice',
    `DROP INDEX transfer_resolves_once;
     ${COPY} NULL, 4, pending, NULL, debit, credit, 400, code, at_ms FROM transfer ${endOf('req_2')}`,
    'I5 reservations resolve once',
  ],
  ['a hold of an earlier run', 'UPDATE hold SET epoch = epoch - 1', 'I6 no hold is forgotten'],
  ['a hold past its deadline', 'UPDATE hold SET deadline_ms = 1', 'I6 no hold is forgotten'],
  [
    'a receipt with another charge',
    "UPDATE receipt SET charged = charged - 1 WHERE request_id = 'req_1'",
    'R1 receipts equal charges',
  ],
  [
    'a receipt of a free request with a charge',
    "UPDATE receipt SET charged = 1 WHERE request_id = 'req_4'",
    'R1 receipts equal charges',
  ],
  [
    'a charge without a receipt',
    "DELETE FROM receipt WHERE request_id = 'req_1'",
    'R1 receipts equal charges',
  ],
  [
    'a receipt of somebody else',
    "UPDATE receipt SET account = (SELECT id FROM account WHERE owner = 'acc_2') WHERE request_id = 'req_1'",
    'R1 receipts equal charges',
  ],
  [
    'a refund above its charge',
    "UPDATE transfer SET amount = 201 WHERE id = 'refund:1'",
    'R4 refunds stay within charges',
  ],
  [
    'a grant that ended twice',
    "UPDATE account SET credits_posted = credits_posted + 1 WHERE tag = 'grant:1'",
    'R5 grants end once',
  ],
  [
    'an allowance below zero',
    "UPDATE account SET debits_posted = 71 WHERE tag = 'grant:2'",
    'I4 no user below zero',
  ],
  [
    'a sum of charges without its receipts',
    `UPDATE transfer SET id = 'rollup:5:20000', receipt = NULL ${CHARGE}`,
    'R3 sums equal their transfers',
  ],
  [
    'a charge of another making',
    `UPDATE transfer SET id = 'tax:req_1', receipt = NULL ${CHARGE}`,
    'R3 sums equal their transfers',
  ],
  ['a guard that is gone', 'DROP TRIGGER transfer_no_delete', 'I8 counters only grow'],
  ['another guard that is gone', 'DROP TRIGGER account_counters_grow', 'I8 counters only grow'],
  [
    'a door that was left open',
    "UPDATE meta SET value = 1 WHERE key = 'rollup_before_ms'",
    'I8 counters only grow',
  ],
  ['another journal mode', 'PRAGMA journal_mode = DELETE', 'I9 acknowledged is durable'],
  ['an index that is gone', 'DROP INDEX transfer_resolves_once', 'I10 repetitions change nothing'],
  [
    'a charge that stands behind another receipt',
    `UPDATE transfer SET receipt = (SELECT seq FROM receipt WHERE request_id = 'req_2') ${CHARGE}`,
    'R1 receipts equal charges',
  ],
  [
    'a receipt whose words are gone',
    'DELETE FROM service WHERE id = (SELECT service FROM receipt LIMIT 1)',
    'R1 receipts equal charges',
  ],
  ['a charge out of its chain', `UPDATE transfer SET previous = 0 ${endOf('req_2')}`, 'R6 chains are whole'],
  ['a charge in a wrong place', `UPDATE transfer SET nth = 7 ${endOf('req_2')}`, 'R6 chains are whole'],
  [
    'a receipt out of its chain',
    "UPDATE receipt SET previous = 0 WHERE request_id = 'req_2'",
    'R6 chains are whole',
  ],
  ['a newest charge that is not', `UPDATE account SET last_charge = 1 ${USER}`, 'R6 chains are whole'],
  ['a newest receipt that is not', `UPDATE account SET last_receipt = 9e9 ${USER}`, 'R6 chains are whole'],
  ['too few charges', `UPDATE account SET charges = charges - 1 ${USER}`, 'R6 chains are whole'],
  [
    'a key that spent less than it was charged',
    'UPDATE key_spend SET amount = amount - 1',
    'R2 key spend equals receipts',
  ],
  [
    'an earning above its charge',
    `UPDATE transfer SET amount = 101 ${EARNING}`,
    'E1 earnings are a share of charges',
  ],
  [
    'an earning of who paid',
    "UPDATE account SET owner = iif(owner = 'acc_2', 'acc_1', owner) WHERE kind = 'earned'",
    'E1 earnings are a share of charges',
  ],
  [
    'an earning of another node',
    `UPDATE transfer SET served = (SELECT id FROM served WHERE node_id = 'node_2') ${EARNING}`,
    'E1 earnings are a share of charges',
  ],
  [
    'an earning of a free request',
    `UPDATE transfer SET receipt = (SELECT seq FROM receipt WHERE request_id = 'req_4') ${EARNING}`,
    'E1 earnings are a share of charges',
  ],
  [
    'an earning that is spent as credit',
    "UPDATE transfer SET credit = (SELECT id FROM account WHERE owner = 'acc_2' AND kind = 'paid') WHERE code = 10",
    'E1 earnings are a share of charges',
  ],
  ['an earning that was counted in twice', 'UPDATE earning SET earned = earned * 2', 'E2 earnings add up'],
  ['an earning that was not counted in', 'DELETE FROM earning WHERE due_hour = 0', 'E2 earnings add up'],
  ['more payable than matured', 'UPDATE transfer SET amount = 71 WHERE code = 10', 'E2 earnings add up'],
  [
    'a refund that left the earning',
    `UPDATE earning SET reversed = reversed - 35 WHERE node_id = 'node_1' AND reversed = 35;
     UPDATE account SET debits_posted = debits_posted - 35 WHERE kind = 'earned';
     UPDATE account SET credits_posted = credits_posted - 35 WHERE kind = 'expense:earnings';
     DELETE FROM transfer WHERE code = 11 AND request_id = 'req_7'`,
    'E3 refunds take earnings back',
  ],
  [
    'more taken back than was earned',
    "UPDATE transfer SET amount = 71 WHERE code = 11 AND request_id = 'req_7'",
    'E3 refunds take earnings back',
  ],
];

/** Does what the guards of the schema would refuse, and leaves them as they were, if the bug is not in them. */
function plant(database: Database.Database, sql: string): void {
  const guards = database
    .prepare<[], { name: string; sql: string }>("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    .all();
  const isAboutGuards = sql.includes('TRIGGER');
  if (!isAboutGuards) for (const { name } of guards) database.exec(`DROP TRIGGER ${name}`);
  database.exec(sql);
  if (!isAboutGuards) for (const guard of guards) database.exec(guard.sql);
}

describe('reconcile', () => {
  it('finds nothing in a sound ledger, also while it is open', async () => {
    const path = soundLedger();
    expect(reconcile(path, clock)).toMatchObject({
      ok: true,
      problems: [],
      notApplicable: [{ invariant: 'I7 cash is real' }],
      counts: { accounts: 13, openHolds: 1, receipts: 8 },
    });
    const { ledger } = await openLedgerStore({ path, clock });
    expect(reconcile(path, clock)).toMatchObject({ ok: true, counts: { openHolds: 0 } });
    await ledger.close();
  });

  it.each(PLANTED)('finds a planted bug: %s', (_bug, sql, found) => {
    const path = soundLedger();
    const database = new Database(path);
    database.pragma('ignore_check_constraints = ON');
    plant(database, sql);
    database.close();
    const report = reconcile(path, clock);
    expect(report.ok).toBe(false);
    expect(report.problems.map(({ invariant }) => invariant)).toContain(found);
    for (const { rows, examples } of report.problems) {
      expect(examples).toHaveLength(Math.min(rows, 20));
      expect(examples.join()).not.toContain('without a name');
    }
  });

  it('only reads: a file that is not there stays so', () => {
    expect(() => reconcile(newPath(), clock)).toThrow('unable to open');
  });
});
