import { createHash } from 'node:crypto';

const MARK = 'RXJVQ';

/** A signature that tells whether the thinking that it was given with came back unchanged. */
export function signatureOf(thinking: string): string {
  return MARK + createHash('sha256').update(thinking).digest('base64');
}

/** `thinking` undefined: only whether it is one of ours. */
export function isOurSignature(signature: unknown, thinking: unknown): boolean {
  if (typeof signature !== 'string' || !signature.startsWith(MARK)) return false;
  return thinking === undefined || (typeof thinking === 'string' && signature === signatureOf(thinking));
}
