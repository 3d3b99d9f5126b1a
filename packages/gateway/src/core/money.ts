/**
 * All money is whole micro-USD (µ$). 1 credit = $0.01 = 10 000 µ$; one atomic USDC = 1 µ$.
 * JavaScript numbers hold it exactly up to 2^53 µ$ (about $9.0 bn); every constructor checks that.
 */
declare const microsBrand: unique symbol;
export type Micros = number & { readonly [microsBrand]: true };

export const MICROS_PER_CREDIT = 10_000;
export const MICROS_PER_USD = 1_000_000;

export const ZERO_MICROS = 0 as Micros;

/** Brands a whole number of µ$. Throws when it is not a safe integer: that is a programming error, never input. */
export function micros(value: number): Micros {
  if (!Number.isSafeInteger(value)) throw new RangeError('money must be a safe integer of micro-USD');
  return (value === 0 ? 0 : value) as Micros;
}

export function addMicros(a: Micros, b: Micros): Micros {
  return micros(a + b);
}

export function subtractMicros(a: Micros, b: Micros): Micros {
  return micros(a - b);
}

export function minMicros(a: Micros, b: Micros): Micros {
  return a < b ? a : b;
}

/**
 * Writes µ$ as a decimal number of a bigger unit, from the integer's digits and never by division.
 * `digits` is how many decimal places that unit has (6 for USD, 4 for credits). Trailing zeros go.
 */
function formatDecimal(value: Micros, digits: number): string {
  const negative = value < 0;
  const text = String(Math.abs(value)).padStart(digits + 1, '0');
  const whole = text.slice(0, -digits);
  const fraction = text.slice(-digits).replace(/0+$/, '');
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** 1 230 000 µ$ as "1.23" (USD). */
export function formatUsd(value: Micros): string {
  return formatDecimal(value, 6);
}

/** 1 230 000 µ$ as "123" (credits). */
export function formatCredits(value: Micros): string {
  return formatDecimal(value, 4);
}

/** The JSON number for a USD amount. The nearest double to the exact decimal, for display at the edge only. */
export function usdNumber(value: Micros): number {
  return Number(formatUsd(value));
}

/** The JSON number for an amount in credits. For display at the edge only. */
export function creditsNumber(value: Micros): number {
  return Number(formatCredits(value));
}

/**
 * Reads a decimal amount ("1.25", 8, "0.0001") in a unit of `microsPerUnit` µ$ to exact µ$.
 * Returns undefined when it is no plain decimal, has more places than a µ$ can hold, or is out of range.
 */
export function parseAmount(input: string | number, microsPerUnit: 10_000 | 1_000_000): Micros | undefined {
  const text = typeof input === 'number' ? numberToPlain(input) : input.trim();
  const match = /^(-?)(\d{1,16})(?:\.(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const digits = microsPerUnit === 10_000 ? 4 : 6;
  const fraction = (match[3] ?? '').replace(/0+$/, '');
  if (fraction.length > digits) return undefined;
  const value = Number(match[2]) * microsPerUnit + Number(fraction.padEnd(digits, '0'));
  if (!Number.isSafeInteger(value)) return undefined;
  return micros(match[1] === '-' ? -value : value);
}

/** Plain decimal digits of a number; exponents (1e-7) are written out so that tiny amounts are refused, not lost. */
function numberToPlain(value: number): string {
  const text = String(value);
  return /e/i.test(text) ? value.toFixed(20).replace(/0+$/, '').replace(/\.$/, '') : text;
}
