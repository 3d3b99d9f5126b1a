import { readUsd } from './money.tsx';

export const AMOUNT_WRONG = 'An amount from 0 to 10000000, such as 5 or 0.50';
export const COUNT_WRONG = 'A whole number from 1 to 1000000';

/** As the server takes them. */
const AMOUNT_MAX_MICROS = 10_000_000_000_000;
const COUNT_MAX = 1_000_000;

/** A limit of money as a person typed it, in µ$; zero forbids to spend. Null: nothing, so no limit. Undefined: no amount. */
export function readLimitUsd(text: string): number | null | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const micros = /^\$?0+(\.0{1,6})?$/.test(trimmed) ? 0 : readUsd(trimmed);
  return micros !== undefined && micros <= AMOUNT_MAX_MICROS ? micros : undefined;
}

/** A limit of how many, as a person typed it. Null: nothing, so no limit. Undefined: no such number. */
export function readLimitCount(text: string): number | null | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const count = /^\d{1,7}$/.test(trimmed) ? Number(trimmed) : 0;
  return count >= 1 && count <= COUNT_MAX ? count : undefined;
}
