import type { PriceView } from '../admin/models.ts';
import type { BalanceView, MoneyView, SpendView } from '../admin/views.ts';

/** How values look on the screen. */

/** `500 credits ($5)`. */
export function showMoney(amount: MoneyView): string {
  const dollars = String(amount.usd).replace(/^(-?)/, '$1$$');
  return `${amount.credits} ${amount.credits === 1 ? 'credit' : 'credits'} (${dollars})`;
}

/** The bare number, for columns whose title says "credits". */
export function showCredits(amount: MoneyView): string {
  return String(amount.credits);
}

/** `2026-11-20 12:34` (UTC). */
export function showTime(iso: string | null): string {
  return iso === null ? '-' : iso.slice(0, 16).replace('T', ' ');
}

export function showList(values: readonly string[] | null, whenNull: string): string {
  return values === null ? whenNull : values.join(', ');
}

export function balanceFields(balance: BalanceView): [string, string][] {
  return [
    ['available', showMoney(balance.available)],
    ['held', showMoney(balance.held)],
    ['paid', showMoney(balance.paid)],
    ['promo', showMoney(balance.promo)],
    ['allowance', showMoney(balance.allowance)],
    ['deposited', showMoney(balance.deposited)],
    ['spent', showMoney(balance.spent)],
    ...nextExpiryField(balance),
  ];
}

function nextExpiryField({ nextExpiry }: BalanceView): [string, string][] {
  if (nextExpiry === null) return [];
  const { at, amount, balance } = nextExpiry;
  return [['next to end', `${showMoney(amount)} of ${balance}, ${showTime(at)} UTC`]];
}

export function priceText(price: PriceView): string {
  if (price.type === 'flat')
    return price.perRequest.micros === 0 ? 'free' : `${showMoney(price.perRequest)} a request`;
  const { input, output } = price.perMillion;
  return `$${input.usd} in, $${output.usd} out per million tokens`;
}

/** The names of what a model can do. */
export function showAbilities(capabilities: Readonly<Record<string, boolean>>): string {
  const able = Object.entries(capabilities).filter(([, isAble]) => isAble);
  return able.length === 0 ? '-' : able.map(([name]) => name).join(', ');
}

/** What was spent in a window, and of how much. */
export function showSpend(spend: SpendView): string {
  return spend.limit === null
    ? showMoney(spend.spent)
    : `${showMoney(spend.spent)} of ${showMoney(spend.limit)}, from 0 again at ${showTime(spend.resetsAt)} UTC`;
}
