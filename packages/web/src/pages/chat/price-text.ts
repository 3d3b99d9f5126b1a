import type { Price } from '@switchyard/protocol/console/models.ts';
import { creditsText, usdText } from '../../ui/money.tsx';

/** A price with its unit, on one line. */
export function priceText(price: Price): string {
  if (price.type === 'flat') return `${creditsText(price.perRequest.micros)} a request`;
  const { input, output } = price.perMillion;
  return `${usdText(input.micros)} in, ${usdText(output.micros)} out, a million tokens`;
}
