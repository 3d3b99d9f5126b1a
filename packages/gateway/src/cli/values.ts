import { MICROS_PER_CREDIT, MICROS_PER_USD, parseAmount } from '../core/money.ts';
import { dayOf, parseDay } from '../receipts/days.ts';
import { usageFailure } from './failure.ts';

/** Reads what people write after options. Each throws a usage failure that names the option and shows a right value. */

/** The word that takes a limit away. */
const NONE = 'none';

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** `30d`, `12h`, `90m`, `45s`, `2w` in milliseconds. */
export function parseDuration(text: string, option: string): number {
  const match = /^(\d{1,9})([smhdw])$/.exec(text.trim());
  if (match === null) throw usageFailure(`${option} is no duration`, 'Write it as 30d, 12h, 90m, 45s or 2w.');
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

const DAY_MS = 86_400_000;

/**
 * When something ends: `30d`, or a day such as `2026-12-31`. Always the end of a UTC day, so that the same command means
 * the same when it is repeated on that day. In milliseconds since 1970.
 */
export function readExpiry(text: string, option: string, nowMs: number): number {
  const trimmed = text.trim();
  if (!/^\d{4}-\d{2}-\d{2}$/.test(trimmed)) return endOf(dayOf(nowMs + parseDuration(trimmed, option)));
  const day = parseDay(trimmed);
  if (day === undefined) {
    throw usageFailure(`${option} is no day`, 'Write it as 2026-12-31, or as 30d, 12h or 2w.');
  }
  return endOf(day);
}

const endOf = (day: number): number => (day + 1) * DAY_MS;

/** An amount of credits, or of dollars with a sign or unit: `500`, `12.5`, `$5`, `5usd`. In µ$. */
export function parseMoney(text: string, option: string): number {
  const trimmed = text.trim();
  const dollars = /^(-?)\$(.+)$/.exec(trimmed) ?? /^(-?)([\d.]+) *usd$/i.exec(trimmed);
  const amount =
    dollars === null
      ? parseAmount(trimmed.replace(/ *(?:credits?|cr)$/i, ''), MICROS_PER_CREDIT)
      : parseAmount(`${dollars[1]}${dollars[2]}`, MICROS_PER_USD);
  if (amount === undefined) {
    throw usageFailure(
      `${option} is no amount`,
      'Write credits as 500 or 12.5, or dollars as 5usd. One credit is $0.01; a µ$ is the smallest part.',
    );
  }
  return amount;
}

/** Exactly one of `--credits` and `--usd`, in µ$. */
export function readAmount(options: { credits?: string; usd?: string }): number {
  const { credits, usd } = options;
  if ((credits === undefined) === (usd === undefined)) {
    throw usageFailure('Say how much, once', 'Add --credits 500, or --usd 5 for the same amount.');
  }
  return credits === undefined
    ? parseMoney(`${bareDollars(usd ?? '')}usd`, '--usd')
    : parseMoney(credits, '--credits');
}

/** People write the sign or the unit after `--usd`, too. */
function bareDollars(text: string): string {
  const trimmed = text.trim();
  return /^-?\$/.test(trimmed) ? trimmed.replace('$', '') : trimmed.replace(/ *usd$/i, '');
}

/** A whole number of at least 1. */
export function parseCount(text: string, option: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text.trim())) {
    throw usageFailure(`${option} is no whole number above 0`, `For example: ${option} 60`);
  }
  return Number(text);
}

/** `a,b c` and repeated options as one list without empty entries. */
export function splitList(texts: readonly string[]): string[] {
  return texts.flatMap((text) => text.split(/[\s,]+/)).filter((entry) => entry !== '');
}

/** `undefined` when the option was not given, `null` for "none", else the parsed value. */
export function unlessNone<Value>(
  text: string | undefined,
  option: string,
  parse: (text: string, option: string) => Value,
): Value | null | undefined {
  if (text === undefined) return undefined;
  return text.trim().toLowerCase() === NONE ? null : parse(text, option);
}

/** Leaves out the entries that are undefined: they were not given. */
export function given<Fields extends Record<string, unknown>>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };
}
