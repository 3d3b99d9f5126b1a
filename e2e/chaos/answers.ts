import { MARKER } from './config.ts';

/** How the played engines answer: by a function of the prompt, so that each letter of an answer can be checked. */

/** `id` makes each answer another one, so that text of a wrong answer is noticed. */
export function promptFor(id: string, words: number): string {
  return `${MARKER} count ${id} to ${words}`;
}

export function wordsFor(prompt: string): string[] {
  const [, id = '', words = '0'] = / count (\S+) to (\d+)$/.exec(prompt) ?? [];
  return Array.from({ length: Number(words) }, (_, at) => `${MARKER}-${id}-${at} `);
}

export function answerFor(prompt: string): string {
  return wordsFor(prompt).join('');
}
