/** µ$ in one US dollar, and in one credit. */
const MICROS_PER_USD = 1_000_000;
const MICROS_PER_CREDIT = 10_000;

/** `$12.50`; small amounts keep the digits that count: `$0.000325`. */
export function usdText(micros: number): string {
  const isFine = Math.abs(micros) < MICROS_PER_USD && micros % MICROS_PER_CREDIT !== 0;
  const text = Math.abs(micros / MICROS_PER_USD).toLocaleString('en-US', {
    minimumFractionDigits: 2,
    maximumFractionDigits: isFine ? 6 : 2,
  });
  return `${micros < 0 ? '−' : ''}$${text}`;
}

/** `1,250 credits`. One credit is $0.01. */
export function creditsText(micros: number): string {
  const credits = Math.abs(micros / MICROS_PER_CREDIT);
  const text = credits.toLocaleString('en-US', { maximumFractionDigits: 4 });
  return `${micros < 0 ? '−' : ''}${text} ${credits === 1 ? 'credit' : 'credits'}`;
}

/**
 * An amount in US dollars; its credits are in the tooltip. Digits of all amounts have one width. `column`: of a column in
 * which some amounts are below a cent, so that the points stand below each other.
 */
export function Money(props: { micros: number; signed?: boolean; column?: boolean }) {
  const { micros, signed = false, column = false } = props;
  const text = usdText(micros);
  return (
    <span className="whitespace-nowrap tabular-nums" title={creditsText(micros)}>
      {signed && micros > 0 ? '+' : ''}
      {text}
      {column && (
        <span aria-hidden="true" className="invisible max-sm:hidden">
          {'0'.repeat(Math.max(0, 6 - decimalsOf(text)))}
        </span>
      )}
    </span>
  );
}

function decimalsOf(text: string): number {
  return text.length - text.indexOf('.') - 1;
}

/** Reads an amount in US dollars that a person typed, in µ$. Undefined: it is none, or nothing. */
export function readUsd(text: string): number | undefined {
  const trimmed = text.trim().replace(/^\$/, '');
  if (!/^\d{1,9}(\.\d{1,6})?$/.test(trimmed)) return undefined;
  const micros = Math.round(Number(trimmed) * MICROS_PER_USD);
  return micros > 0 ? micros : undefined;
}
