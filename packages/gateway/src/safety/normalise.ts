/**
 * Brings a prompt into the form that terms are looked for in: disguises by look-alike letters, digits for letters,
 * marks, invisible characters, separators and repeated letters are taken off.
 */
export type Views = {
  /** Words with one space between them, and one at either end. */
  spaced: string;
  /** The same with runs of a repeated letter made one. */
  collapsed: string;
  /** Runs of single letters as words: of `t e e n` and `t.e.e.n`. */
  spelled: string;
  /** As `spaced`, with every digit inside or beside letters read as a letter: a 1 as `i`, and as `l`. Often empty. */
  digitsRead: readonly string[];
};

/** Letters of other alphabets that look like Latin ones, and digits and signs that stand for letters. */
const LOOK_ALIKES: Readonly<Record<string, string>> = {
  а: 'a',
  е: 'e',
  ё: 'e',
  о: 'o',
  р: 'p',
  с: 'c',
  у: 'y',
  х: 'x',
  і: 'i',
  ї: 'i',
  ј: 'j',
  ѕ: 's',
  к: 'k',
  м: 'm',
  т: 't',
  н: 'h',
  в: 'b',
  ԁ: 'd',
  ԛ: 'q',
  ԝ: 'w',
  ѵ: 'v',
  ɡ: 'g',
  ı: 'i',
  ł: 'l',
  α: 'a',
  β: 'b',
  ε: 'e',
  η: 'n',
  ι: 'i',
  κ: 'k',
  ν: 'v',
  ο: 'o',
  ρ: 'p',
  τ: 't',
  υ: 'u',
  χ: 'x',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
};

/** Only between letters: a lone number is an age or a size and stays one. */
const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '6': 'g',
  '7': 't',
  '8': 'b',
  '9': 'g',
  '@': 'a',
  $: 's',
  '!': 'i',
  '|': 'i',
};

export function normalise(text: string): Views {
  const plain = text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\p{M}\p{Cf}]/gu, '')
    .replaceAll(/[^\p{ASCII}]/gu, (letter) => LOOK_ALIKES[letter] ?? letter);
  const spaced = wordsOf(plain.replaceAll(/[^\s]+/g, unleet));
  return {
    spaced,
    collapsed: spaced.replaceAll(/(\p{L})\1+/gu, '$1'),
    spelled: spelledOut(spaced),
    digitsRead: HAS_MIXED_WORD.test(plain) ? ['i', 'l'].map((one) => wordsOf(readDigits(plain, one))) : [],
  };
}

function wordsOf(text: string): string {
  return ` ${text.replaceAll(/[^\p{L}\p{N}]+/gu, ' ').trim()} `;
}

const HAS_MIXED_WORD = /[a-z][0-9]|[0-9][a-z]/;

/** A view of its own beside the others: `7yo` and `35mm` must stay what they are there. */
function readDigits(plain: string, one: string): string {
  return plain.replaceAll(/[a-z0-9@$!|]*(?:[a-z][0-9]|[0-9][a-z])[a-z0-9@$!|]*/g, (word) =>
    word.replaceAll(/[0-9@$!|]/g, (sign) => (sign === '1' ? one : (LEET[sign] ?? sign))),
  );
}

/** Signs before, between and after letters. `7yo` stays what it is: an age. */
function unleet(word: string): string {
  return word.replaceAll(
    /(?<=[a-z])[013457@$!|]+(?=[a-z])|^[@$|](?=[a-z])|(?<=[a-z]{3})[013457@$!|]+$/g,
    (signs) => signs.replaceAll(/./g, (sign) => LEET[sign] ?? sign),
  );
}

/** What was spelled letter by letter, without the spaces. Where a word ends is lost then. */
function spelledOut(spaced: string): string {
  const runs = spaced.match(/(?<= )(?:\p{L} ){3,}/gu) ?? [];
  return runs.map((run) => run.replaceAll(' ', '')).join(' ');
}
