import type { Price } from '@switchyard/protocol/console/models.ts';
import { creditsText, usdText } from '../../ui/money.tsx';

/** A price with its unit. */
export function PriceText({ price, kind }: { price: Price; kind?: 'text' | 'image' }) {
  if (price.type === 'flat') {
    const unit = kind === 'image' ? 'a picture' : 'a request';
    return (
      <span>
        {creditsText(price.perRequest.micros)} <span className="text-soft">({usdText(price.perRequest.micros)})</span> {unit}
      </span>
    );
  }
  const { input, output, cacheRead } = price.perMillion;
  return (
    <span>
      {usdText(input.micros)} in, {usdText(output.micros)} out
      <span className="block text-xs text-soft">
        a million tokens
        {cacheRead.micros !== input.micros && `; cached ${usdText(cacheRead.micros)}`}
      </span>
    </span>
  );
}
