import type { Usage } from '@switchyard/protocol/usage.ts';
import type { Price } from '../../catalog/model.ts';
import { ZERO_MICROS, micros, minMicros } from '../../core/money.ts';
import type { JournalItem, JournalWriter, ResolveItem } from '../../ledger/journal.ts';
import type { Ledger, Receipt, Resolution } from '../../ledger/ledger.ts';
import type { KeyLimits } from '../../limits/key-limits.ts';
import { isUsageWhole, priceUsage } from '../../pricing/meter.ts';

export type BugFacts = {
  /** What the last try reported, whether it can be true or not. */
  reportedOf(requestId: string): { price: Price; usage: Usage } | undefined;
  /** What the catalogue says now, which need not be what was held by. */
  presentPriceOf(requestId: string): Price | undefined;
};

/** A mistake that somebody could make one day. The simulator must find each of them, or it watches nothing. */
export type PlantedBug = {
  name: string;
  /** In the ledger: what the witness sees of it is wrong. */
  ledger?(ledger: Ledger, facts: BugFacts): Ledger;
  /** In who asks the ledger: what the witness is asked for is wrong. */
  inference?(ledger: Ledger, facts: BugFacts): Ledger;
  writer?(writer: JournalWriter): JournalWriter;
  keyLimits?(limits: KeyLimits): KeyLimits;
  keepsHoldsAtStart?: boolean;
  /** Whether an `Idempotency-Key` was used is looked up in memory only. */
  forgetsReceipts?: boolean;
};

const RELEASED: Resolution = { outcome: 'released' };
const isLost = ({ end }: Receipt) => end === 'failed' || end === 'interrupted';

/** Replaces methods of a ledger; the rest stays as it is. */
function changed(ledger: Ledger, change: Partial<Ledger>): Ledger {
  const plain: Ledger = {
    balance: (accountId) => ledger.balance(accountId),
    reserve: (request) => ledger.reserve(request),
    settle: (hold, charge) => ledger.settle(hold, charge),
    release: (hold, receipt) => ledger.release(hold, receipt),
    journaled: (hold) => ledger.journaled(hold),
    transfer: (request) => ledger.transfer(request),
    keySpend: (keyId) => ledger.keySpend(keyId),
    spenderSpend: (spender) => ledger.spenderSpend(spender),
    healthy: () => ledger.healthy(),
    close: () => ledger.close(),
  };
  return { ...plain, ...change };
}

function rewriting(writer: JournalWriter, rewrite: (item: ResolveItem) => JournalItem[]): JournalWriter {
  return {
    close: () => writer.close(),
    write: (batch) =>
      writer.write(batch.flatMap((item) => (item.type === 'resolve' ? rewrite(item) : [item]))),
  };
}

function recharged(item: ResolveItem, legs: ResolveItem['charged']): ResolveItem {
  const chargedMicros = micros(legs.promoMicros + legs.paidMicros);
  return { ...item, charged: legs, receipt: { ...item.receipt, chargedMicros } };
}

const ledgerBugs: PlantedBug[] = [
  {
    name: 'forgets to release the hold of a client that left',
    ledger: (ledger) =>
      changed(ledger, {
        release: (hold, receipt) =>
          receipt.end === 'client-closed' ? Promise.resolve(RELEASED) : ledger.release(hold, receipt),
      }),
  },
  {
    name: 'keeps the hold after a fault',
    ledger: (ledger) =>
      changed(ledger, {
        release: (hold, receipt) =>
          isLost(receipt) ? Promise.resolve(RELEASED) : ledger.release(hold, receipt),
      }),
  },
  {
    name: 'settles twice',
    ledger: (ledger) =>
      changed(ledger, {
        async settle(hold, charge) {
          const first = await ledger.settle(hold, charge);
          const again = ledger.reserve({
            ...hold,
            requestId: `${hold.requestId}x`,
            spendLimits: {},
            durable: false,
          });
          if (again.ok) await ledger.settle(again.value, charge);
          return first;
        },
      }),
  },
  {
    name: 'acknowledges a charge before it is durable',
    ledger: (ledger) =>
      changed(ledger, {
        settle(hold, charge) {
          void ledger.settle(hold, charge);
          return Promise.resolve({ outcome: 'settled', chargedMicros: charge.amountMicros });
        },
      }),
  },
  {
    name: 'ignores held amounts in a spend limit',
    ledger(ledger) {
      const held = new Map<string, number>();
      return changed(ledger, {
        reserve(request) {
          const now = held.get(request.keyId) ?? 0;
          held.set(request.keyId, now + request.amountMicros);
          const raised = Object.entries(request.spendLimits).map(([window, limit]) => [window, limit + now]);
          return ledger.reserve({ ...request, spendLimits: Object.fromEntries(raised) });
        },
      });
    },
  },
  {
    name: 'applies a repeated deposit',
    ledger(ledger) {
      let count = 0;
      return changed(ledger, {
        async transfer(request) {
          const first = await ledger.transfer(request);
          return first.outcome === 'exists'
            ? ledger.transfer({ ...request, id: `${request.id}-${(count += 1)}` })
            : first;
        },
      });
    },
  },
];

const inferenceBugs: PlantedBug[] = [
  {
    name: 'charges a failed request',
    inference: (ledger) =>
      changed(ledger, {
        release: (hold, receipt) =>
          receipt.end === 'failed'
            ? ledger.settle(hold, { amountMicros: hold.amountMicros, receipt })
            : ledger.release(hold, receipt),
      }),
  },
  {
    name: 'takes missing usage for zero',
    inference: (ledger, { reportedOf }) =>
      changed(ledger, {
        settle(hold, charge) {
          const { usageSource } = charge.receipt;
          const isMissing = usageSource === 'counted' && reportedOf(hold.requestId) === undefined;
          return isMissing ? ledger.release(hold, charge.receipt) : ledger.settle(hold, charge);
        },
      }),
  },
  {
    name: 'takes impossible usage for true',
    inference: (ledger, { reportedOf }) =>
      changed(ledger, {
        settle(hold, charge) {
          const reported = reportedOf(hold.requestId);
          const isFalse = charge.receipt.usageSource === 'counted' && reported !== undefined;
          if (!isFalse || !isUsageWhole(reported.usage)) return ledger.settle(hold, charge);
          const dueMicros = priceUsage(reported.price, reported.usage);
          return ledger.settle(hold, { ...charge, amountMicros: minMicros(dueMicros, hold.amountMicros) });
        },
      }),
  },
  {
    name: 'charges by the price of the end instead of that of the hold',
    inference: (ledger, { presentPriceOf }) =>
      changed(ledger, {
        settle(hold, charge) {
          const price = presentPriceOf(hold.requestId);
          if (price === undefined || !isUsageWhole(charge.receipt.usage)) return ledger.settle(hold, charge);
          const dueMicros = priceUsage(price, charge.receipt.usage);
          return ledger.settle(hold, { ...charge, amountMicros: minMicros(dueMicros, hold.amountMicros) });
        },
      }),
  },
  {
    name: 'charges an answer that broke off',
    inference: (ledger) =>
      changed(ledger, {
        release: (hold, receipt) =>
          receipt.end === 'interrupted' && receipt.usageSource === 'counted'
            ? ledger.settle(hold, { amountMicros: hold.amountMicros, receipt })
            : ledger.release(hold, receipt),
      }),
  },
  {
    name: 'takes a smaller hold than the worst case',
    inference: (ledger) =>
      changed(ledger, {
        reserve: (request) =>
          ledger.reserve({ ...request, amountMicros: micros(Math.floor(request.amountMicros / 2)) }),
      }),
  },
];

const diskBugs: PlantedBug[] = [
  {
    name: 'charges above the hold',
    writer: (writer) =>
      rewriting(writer, (item) => {
        const { heldMicros, chargedMicros } = item.receipt;
        if (chargedMicros === 0) return [item];
        const paidMicros = micros(item.charged.paidMicros + heldMicros);
        return [recharged(item, { ...item.charged, paidMicros })];
      }),
  },
  {
    name: 'loses the promo leg of a charge',
    writer: (writer) =>
      rewriting(writer, (item) => [{ ...item, charged: { ...item.charged, promoMicros: ZERO_MICROS } }]),
  },
  {
    name: 'drops the receipts of free requests',
    writer: (writer) => rewriting(writer, (item) => (item.receipt.chargedMicros === 0 ? [] : [item])),
  },
  {
    name: 'answers before the disk has committed',
    writer: (writer) => ({
      close: () => writer.close(),
      write(batch) {
        const written = writer.write(batch);
        const hasCharge = batch.every((item) => item.type === 'resolve');
        return hasCharge ? Promise.resolve(new Map()) : written;
      },
    }),
  },
  {
    name: 'forgets holds of the process before instead of voiding them',
    keepsHoldsAtStart: true,
  },
  {
    name: 'forgets over a restart which Idempotency-Keys were charged',
    forgetsReceipts: true,
  },
];

const earningsBugs: PlantedBug[] = [
  {
    name: 'gives the owner of a node more than its share',
    inference: (ledger) =>
      changed(ledger, {
        settle(hold, charge) {
          const { earner } = charge;
          const raised = earner === undefined ? undefined : { ...earner, shareBps: earner.shareBps + 1_000 };
          return ledger.settle(hold, { ...charge, earner: raised });
        },
      }),
  },
  {
    name: 'shares the hold instead of the charge',
    writer: (writer) =>
      rewriting(writer, (item) => {
        const { earning, receipt } = item;
        const amountMicros = micros(Math.floor(receipt.heldMicros * 0.7));
        return [earning === undefined ? item : { ...item, earning: { ...earning, amountMicros } }];
      }),
  },
  {
    name: 'lets who pays earn on it',
    writer: (writer) =>
      rewriting(writer, (item) => {
        const { earning, receipt } = item;
        return [
          earning === undefined ? item : { ...item, earning: { ...earning, accountId: receipt.accountId } },
        ];
      }),
  },
  {
    name: 'forgets what a node has earned',
    writer: (writer) => rewriting(writer, (item) => [{ ...item, earning: undefined }]),
  },
  {
    name: 'lets an earning survive the refund of its request',
    writer: (writer) => ({
      close: () => writer.close(),
      write: (batch) =>
        writer.write(
          batch.map((item): JournalItem => {
            if (item.type !== 'transfer' || item.detail?.type !== 'refund') return item;
            const { detail: _refund, ...plain } = item;
            return plain;
          }),
        ),
    }),
  },
];

const limitBugs: PlantedBug[] = [
  {
    name: 'never gives a place of a key back',
    keyLimits: (limits) => ({
      admit(keyId, bounds) {
        const { result, window } = limits.admit(keyId, bounds);
        if (!result.ok) return { result, window };
        const { value } = result;
        return { result: { ok: true, value: { refund: value.refund, release: () => undefined } }, window };
      },
    }),
  },
];

export const PLANTED_BUGS: readonly PlantedBug[] = [
  ...ledgerBugs,
  ...inferenceBugs,
  ...diskBugs,
  ...earningsBugs,
  ...limitBugs,
];
