import { createHash } from 'node:crypto';
import { AGE_UNITS, AGE_WORDS, BOTH, MINOR, SEXUAL } from './hard-line-terms.ts';

/** Names the lists of terms by their content: twelve hexadecimal digits that differ when a word differs. */
export const TERMS_VERSION = createHash('sha256')
  .update(JSON.stringify([MINOR, SEXUAL, BOTH, AGE_WORDS, AGE_UNITS]))
  .digest('hex')
  .slice(0, 12);
