import type { Random } from '../../packages/gateway/src/testing/simulation/random.ts';
import { answerFor, promptFor } from './answers.ts';
import { hear, hearAll, requestOf, SURFACES, type Heard, type Question } from './surfaces.ts';

/** No request may take longer: the queue, three tries, and an answer that is slow and stalls. */
const DEADLINE_MS = 120_000;

export type Exchange = {
  requestId: string;
  question: Question;
  /** `left`: this client went away on purpose. `cut`: the connection broke without a word. */
  end: 'whole' | 'error' | 'cut' | 'left' | 'late';
  code: string | undefined;
  tookMs: number;
  /** What is wrong with it. */
  problem: string | undefined;
};

export type ClientOptions = {
  port: number;
  key: string;
  random: Random;
  /** Answers of the demo engine by prompt, as they are without troubles. */
  demoAnswers: ReadonlyMap<string, string>;
  isOver(): boolean;
  note(exchange: Exchange): void;
};

/** Asks one thing after another until it is over. */
export async function runClient(name: string, options: ClientOptions): Promise<void> {
  for (let count = 0; !options.isOver(); count += 1) {
    const question = questionOf(`${name}.${count}`, options);
    const leavesAfter = options.random.chance(0.05) ? options.random.int(1, 2_000) : Infinity;
    options.note(await exchange(question, leavesAfter, options));
  }
}

function questionOf(id: string, { random, demoAnswers }: ClientOptions): Question {
  const common = { surface: random.pick(SURFACES), isStream: random.chance(0.7) };
  if (random.chance(0.15)) {
    const prompt = random.pick([...demoAnswers.keys()]);
    return { ...common, model: 'demo', prompt, maxTokens: DEMO_MAX_TOKENS };
  }
  const words = random.chance(0.2) ? random.int(100, 300) : random.int(3, 60);
  return { ...common, model: 'echo', prompt: promptFor(id, words), maxTokens: 2_048 };
}

export const DEMO_MAX_TOKENS = 40;

/**
 * Asks once, with no patience beyond the deadline, and judges what came. `leavesAfter`: so many characters. It reads at
 * once: `fetch` throws away what it has not handed on when a connection is cut.
 */
async function exchange(
  question: Question,
  leavesAfter: number,
  { port, key, demoAnswers }: Pick<ClientOptions, 'port' | 'key' | 'demoAnswers'>,
): Promise<Exchange> {
  const startedMs = performance.now();
  const leave = new AbortController();
  const timer = setTimeout(() => leave.abort('late'), DEADLINE_MS);
  const heard: Heard = { text: '', isWhole: false, code: undefined };
  const seen: { requestId: string; hasLeft: boolean } = { requestId: '', hasLeft: false };
  try {
    const { path, body } = requestOf(question);
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const url = `http://127.0.0.1:${port}${path}`;
    const reply = await fetch(url, { method: 'POST', headers, body, signal: leave.signal });
    seen.requestId = reply.headers.get('x-request-id') ?? '';
    if (!question.isStream || reply.status !== 200) {
      Object.assign(heard, hearAll(question.surface, reply.status, await reply.text()));
    } else {
      for await (const data of events(reply)) {
        hear(heard, question.surface, data);
        if (heard.text.length < leavesAfter) continue;
        seen.hasLeft = !heard.isWhole && heard.code === undefined;
        if (seen.hasLeft) break;
      }
    }
  } catch {
    // The connection was cut: behind an error, or without a word, which is judged below.
  } finally {
    clearTimeout(timer);
    if (seen.hasLeft) leave.abort();
  }
  const tookMs = performance.now() - startedMs;
  const end = endOf(heard, { hasLeft: seen.hasLeft, isLate: leave.signal.reason === 'late' });
  const expected = question.model === 'demo' ? demoAnswers.get(question.prompt) : answerFor(question.prompt);
  const problem = problemOf(end, heard, expected);
  return { requestId: seen.requestId, question, end, code: heard.code, tookMs, problem };
}

function endOf(heard: Heard, { hasLeft, isLate }: { hasLeft: boolean; isLate: boolean }): Exchange['end'] {
  if (isLate) return 'late';
  if (hasLeft) return 'left';
  if (heard.code !== undefined) return 'error';
  return heard.isWhole ? 'whole' : 'cut';
}

function problemOf(end: Exchange['end'], heard: Heard, expected: string | undefined): string | undefined {
  if (end === 'late') return 'no end within the deadline';
  if (end === 'cut') return `cut without an error after ${heard.text.length} characters`;
  if (heard.isWhole && heard.code !== undefined) return `says that it is whole, and ${heard.code}`;
  if (expected === undefined) return undefined;
  if (end === 'whole' && heard.text !== expected)
    return difference('a finished answer is', heard.text, expected);
  return expected.startsWith(heard.text)
    ? undefined
    : difference('the beginning of an answer is', heard.text, expected);
}

function difference(what: string, got: string, expected: string): string {
  let at = 0;
  while (at < got.length && got[at] === expected[at]) at += 1;
  const near = (text: string): string => JSON.stringify(text.slice(Math.max(0, at - 20), at + 20));
  return `${what} ${got.length} of ${expected.length} characters, other at ${at}: ${near(got)}, not ${near(expected)}`;
}

/** The data of each event of a stream. */
async function* events(reply: Response): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of reply.body ?? []) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('data: ')) yield line.slice(6);
  }
}
