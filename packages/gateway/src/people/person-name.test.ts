import { expect, it } from 'vitest';
import { cleanName } from './person-name.ts';

it.each([
  ['Ann Lee', 'Ann Lee'],
  ['  Ann\r\n\tLee ', 'Ann Lee'],
  ['nnA\u202e eeL', 'nnA eeL'],
  ['\u2066Ann\u2069\u200b\ufeff', 'Ann'],
  ['Ann\u001b[31m', 'Ann [31m'],
  ['نیم\u200cفاصله', 'نیم\u200cفاصله'],
  ['👩\u200d🔧', '👩\u200d🔧'],
  ['<b>Ann</b>', '<b>Ann</b>'],
  ['\u2028\u202e', ''],
  ['é'.repeat(200), 'é'.repeat(100)],
  ['🔧'.repeat(200), '🔧'.repeat(100)],
])('%j becomes %j', (name, clean) => expect(cleanName(name)).toBe(clean));
