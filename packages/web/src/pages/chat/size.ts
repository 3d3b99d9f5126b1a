import type { Price } from '@switchyard/protocol/console/models.ts';

/** From here on a request at a price per token is sent only after its cost was shown. About 6 000 tokens. */
const LARGE_CHARS = 24_000;
/** What a picture counts as. */
const PICTURE_CHARS = 4_000;
/** Asked again once it has grown by half. */
const GROWTH = 1.5;

/** How long a request is, in characters, with pictures at a fixed size. */
export function sizeOfBody(body: object): number {
  let pictures = 0;
  const text = JSON.stringify(body, (_key, value: unknown) => {
    if (typeof value !== 'string' || value.length < 1_000 || value.includes(' ')) return value;
    pictures += 1;
    return '';
  });
  return text.length + pictures * PICTURE_CHARS;
}

/** Whether to ask before it is sent. `agreedSize`: the largest that the person agreed to. */
export function needsConsent(price: Price, size: number, agreedSize: number): boolean {
  return price.type === 'per-token' && size >= LARGE_CHARS && size > agreedSize * GROWTH;
}
