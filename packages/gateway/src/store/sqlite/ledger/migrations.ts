import type { Migration } from '../main/migrate.ts';
import { EARNINGS_SCHEMA } from './schema-earnings.ts';
import { LEDGER_SCHEMA } from './schema.ts';

/**
 * Double entry. All amounts are whole µ$, at least 0; times are milliseconds since 1970.
 *
 * - `account`: balances of each user (what we owe, so credit-normal) and our own six. `paid` and `promo` are there once
 *   for each user; credit that ends has an account of its own, `tag` is the id of the transfer that gave it. The counters
 *   are the sums over `transfer` and only grow; `spent` is the part of the debits that were charges. `charges` and
 *   `last_charge` count the charges and name the newest; `last_receipt`, on `paid`, names the newest receipt of the owner.
 * - `transfer`: append only. kind 1 direct, 2 reserve, then the ends of a reserve: 3 post (at most its amount), 4 void,
 *   5 expire; these name it in `pending`. code 1 charge, 2 deposit, 3 gift, 4 adjustment, 5 refund, 6 transfer between
 *   users, 7 allowance, 8 expiry of a grant, 9 earning of a node's owner, 10 an earning that became payable, 11 one that
 *   was taken back, 12 one that was given back, 13 payout. Transfers from outside of requests have an `id`; what belongs to a request
 *   names its `receipt`. A charge is one of its payer's chain: `previous` is the charge before it, `nth` its place.
 *   `request_id` is the request of a refund, or of a reservation that ended without a receipt.
 * - `hold`: the durable reservations that are open. A reservation in memory leaves no row anywhere.
 * - `receipt`: metadata of each request that had a hold. Receipts and transfers are numbered by one counter: a receipt's
 *   `legs` transfers stand under the next numbers. `previous` is the receipt of the same owner before it. What many have
 *   alike stands once, in `api_key`, `service` and `outcome`; `full_receipt` puts it together.
 * - `key_spend`: charges of a key on a UTC day (days since 1970).
 * - Earnings: what a request earns is one row, right behind the charges of its receipt: from `expense:earnings` (or
 *   `expense:canary`, without a receipt) to the owner's `earned`, with what was `served` and the hour from which it is
 *   payable. It changes no counter. From time to time all rows above `meta.earned_up_to` are counted in, in `account`
 *   and in `earning`, which has sums by owner, node, model, UTC day and hour; hour 0 is what has become payable. Rows of
 *   code 10 to 13 count at once. `forfeit` is what was taken from a node as a whole, less what was refunded since.
 * - `rollup`: sums over old receipts that were taken out, and over their charges, which one transfer
 *   `rollup:<account>:<day>` for each account and day replaces; their earnings become one `rollup:earned:<debit>:<credit>`. `meta.rolled_up_to` is the highest number that was taken
 *   out. `meta.rollup_before_ms` is above 0 only inside the transaction that does it.
 *
 * Versions 1 and 2 were never released.
 */
export const LEDGER_MIGRATIONS: readonly Migration[] = [
  { version: 3, name: 'ledger', sql: LEDGER_SCHEMA },
  { version: 4, name: 'earnings', sql: EARNINGS_SCHEMA },
];

/** Our own accounts, by the ids that the migrations gave them. */
export const SYSTEM_ACCOUNT = {
  cash: 1,
  revenue: 2,
  promoExpense: 3,
  adjustmentExpense: 4,
  earningsExpense: -1,
  canaryExpense: -2,
} as const;

export const TRANSFER_KIND = { direct: 1, reserve: 2, post: 3, void: 4, expire: 5 } as const;

export const TRANSFER_CODE = {
  charge: 1,
  deposit: 2,
  gift: 3,
  adjustment: 4,
  refund: 5,
  transfer: 6,
  allowance: 7,
  expiry: 8,
  earning: 9,
  maturity: 10,
  reversal: 11,
  restoration: 12,
  payout: 13,
} as const;
