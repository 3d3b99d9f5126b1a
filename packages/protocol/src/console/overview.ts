import type { Money } from './common.ts';

/** GET `accounts/:account/overview`. Role: viewer. */
export type Overview = {
  account: { id: string; name: string; suspended: boolean; createdAt: string };
  balance: ConsoleBalance;
  /** Of this day (UTC) and of the 30 days that end with it. */
  today: SpendSummary;
  last30Days: SpendSummary;
  checklist: { keyMade: boolean; credit: boolean; firstRequest: boolean };
};

export type SpendSummary = { requests: number; totalTokens: number; chargedMicros: number };

export type ConsoleBalance = {
  /** Can be spent now; `held` is not in it. */
  available: Money;
  held: Money;
  /** Requests of the account that run and have money held. */
  runningRequests: number;
  paid: Money;
  promo: Money;
  allowance: Money;
  deposited: Money;
  spent: Money;
  /** The next part of the balance that ends; null: nothing does. */
  nextExpiry: { at: string; amount: Money; balance: 'promo' | 'allowance' } | null;
  low: boolean;
  /** Below this the balance counts as low. */
  lowBelowMicros: number;
};
