import type { RandomSource } from '../../core/clock.ts';

/** Random content for test jobs: words that mean nothing, names, and filler that reads like ordinary prompts. */

const ONSETS = [
  'b',
  'br',
  'd',
  'dr',
  'f',
  'g',
  'gl',
  'h',
  'k',
  'l',
  'm',
  'n',
  'p',
  'pl',
  'r',
  's',
  'st',
  't',
  'v',
  'z',
];
const VOWELS = ['a', 'e', 'i', 'o', 'u', 'ai', 'ou'];
const ENDS = ['', 'l', 'n', 'r', 's', 'm', 'x', 'th'];

const NAMES = [
  'Anna',
  'Ben',
  'Carla',
  'David',
  'Elif',
  'Farid',
  'Greta',
  'Hugo',
  'Ines',
  'Jonas',
  'Kira',
  'Liam',
];
const PLACES = [
  'the office',
  'a small town',
  'the library',
  'our workshop',
  'the harbour',
  'a school',
  'the archive',
];
const THINGS = [
  'invoice',
  'garden plan',
  'shopping list',
  'report',
  'parcel',
  'ticket',
  'recipe',
  'letter',
  'map',
];
const VERBS = [
  'checked',
  'moved',
  'lost',
  'found',
  'copied',
  'repaired',
  'sold',
  'painted',
  'described',
  'counted',
];
const TIMES = [
  'on Monday',
  'last week',
  'in the morning',
  'before lunch',
  'in March',
  'two days ago',
  'yesterday',
];

export function pick<Value>(random: RandomSource, values: readonly [Value, ...Value[]]): Value;
export function pick<Value>(random: RandomSource, values: readonly Value[]): Value | undefined;
export function pick<Value>(random: RandomSource, values: readonly Value[]): Value | undefined {
  return values[Math.floor(random() * values.length)];
}

export function between(random: RandomSource, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

/** A word that no text has, easy to repeat: `brouvanthel`. At least 11 bits for each syllable. */
export function codeWord(random: RandomSource, syllables = 3): string {
  let word = '';
  for (let count = 0; count < syllables; count += 1) {
    word += `${pick(random, ONSETS) ?? ''}${pick(random, VOWELS) ?? ''}${pick(random, ENDS) ?? ''}`;
  }
  return word;
}

/** Different names, in random order. */
export function names(random: RandomSource, count: number): string[] {
  const left = [...NAMES];
  const taken: string[] = [];
  while (taken.length < count && left.length > 0) {
    taken.push(...left.splice(Math.floor(random() * left.length), 1));
  }
  return taken;
}

export function sentence(random: RandomSource): string {
  const thing = pick(random, THINGS) ?? '';
  const about = `${pick(random, NAMES) ?? ''} ${pick(random, VERBS) ?? ''} the ${thing}`;
  return `${about} in ${pick(random, PLACES) ?? ''} ${pick(random, TIMES) ?? ''}.`;
}

/** A text of so many sentences. */
export function filler(random: RandomSource, sentences: number): string {
  return Array.from({ length: sentences }, () => sentence(random)).join(' ');
}
