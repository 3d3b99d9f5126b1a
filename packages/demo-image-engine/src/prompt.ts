/** From a prompt to the words that the model knows. */

/** `words` has the model's words by their number; number 0 stands for no word. */
export type Vocabulary = { ids: Map<string, number>; synonyms: Map<string, string>; length: number };

/** Reads `vocab.json`. Throws an Error when it is not of the expected form. */
export function parseVocabulary(text: string): Vocabulary {
  const source: unknown = JSON.parse(text);
  if (!isVocabularyFile(source)) throw new Error('vocabulary: not of the expected form');
  return {
    ids: new Map(source.words.map((word, id) => [word, id])),
    synonyms: new Map(Object.entries(source.synonyms)),
    length: source.length,
  };
}

type VocabularyFile = { words: string[]; synonyms: Record<string, string>; length: number };

function isVocabularyFile(value: unknown): value is VocabularyFile {
  if (typeof value !== 'object' || value === null) return false;
  const { words, synonyms, length } = value as Partial<Record<keyof VocabularyFile, unknown>>;
  const isText = (item: unknown) => typeof item === 'string';
  return (
    Array.isArray(words) &&
    words.every(isText) &&
    typeof synonyms === 'object' &&
    synonyms !== null &&
    Object.values(synonyms).every(isText) &&
    Number.isInteger(length)
  );
}

/**
 * Numbers of the prompt's words in order, filled up with 0 to the model's length. Unknown words are passed over, a
 * word that repeats the one before it counts once, and what is too long is cut off.
 */
export function encodePrompt(prompt: string, { ids, synonyms, length }: Vocabulary): number[] {
  const encoded: number[] = [];
  for (const [raw] of prompt.toLowerCase().matchAll(/[a-z0-9]+/g)) {
    const singular = raw.endsWith('s') ? raw.slice(0, -1) : raw;
    const id = ids.get(raw) ?? ids.get(synonyms.get(raw) ?? singular);
    if (id !== undefined && encoded.at(-1) !== id) encoded.push(id);
    if (encoded.length === length) break;
  }
  return Array.from({ length }, (_, index) => encoded[index] ?? 0);
}
