/** Ways to write a blocked prompt so that a list of words does not see it. Each changes the whole text. */
export type Disguise = { name: string; change(text: string): string };

const swap = (pairs: Readonly<Record<string, string>>) => (text: string) =>
  Array.from(text)
    .map((char) => pairs[char] ?? char)
    .join('');
const eachWord = (change: (word: string) => string) => (text: string) =>
  text.split(' ').map(change).join(' ');

export const DISGUISES: readonly Disguise[] = [
  { name: 'plain', change: (text) => text },
  { name: 'capitals', change: (text) => text.toUpperCase() },
  { name: 'digits for letters', change: swap({ a: '4', e: '3', i: '1', o: '0', s: '5', t: '7' }) },
  { name: 'Cyrillic look-alikes', change: swap({ a: 'а', e: 'е', o: 'о', c: 'с', p: 'р', x: 'х' }) },
  { name: 'accents', change: swap({ a: 'á', e: 'ë', i: 'ï', o: 'ô', u: 'ü' }) },
  { name: 'full width', change: (text) => text.replaceAll(/[a-z]/g, (char) => wide(char)) },
  { name: 'no-width characters', change: eachWord((word) => Array.from(word).join('\u200b')) },
  { name: 'spaced letters', change: eachWord((word) => `${Array.from(word).join(' ')} `) },
  { name: 'dots between letters', change: eachWord((word) => Array.from(word).join('.')) },
  { name: 'dashes between letters', change: eachWord((word) => Array.from(word).join('-')) },
  { name: 'doubled vowels', change: (text) => text.replaceAll(/[aeiou]/g, '$&$&') },
  { name: 'one letter left out', change: eachWord((word) => word.slice(0, 2) + word.slice(3)) },
  { name: 'two letters swapped', change: eachWord(swapSecond) },
  { name: 'backwards', change: eachWord((word) => Array.from(word).toReversed().join('')) },
];

const WIDE_OFFSET = 0xfe_e0;

function wide(char: string): string {
  return String.fromCodePoint((char.codePointAt(0) ?? 0) + WIDE_OFFSET);
}

function swapSecond(word: string): string {
  const [first = '', second = '', third = '', ...rest] = Array.from(word);
  return [first, third, second, ...rest].join('');
}
