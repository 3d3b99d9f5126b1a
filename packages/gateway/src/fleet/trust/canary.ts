import type { ChatMessage, ChatRequest, ToolDefinition } from '@switchyard/protocol/chat.ts';
import type { RandomSource } from '../../core/clock.ts';
import { between, codeWord, filler, names, pick, sentence } from './canary-words.ts';

/**
 * Jobs with a known answer that look like any other. What has to be found in the answer is random and in no template,
 * so an answer cannot be kept ready; lengths, settings and forms vary as those of ordinary requests do.
 */
export type CanaryKind = 'echo' | 'recall' | 'extract' | 'tool';

export type Canary = { kind: CanaryKind; chat: ChatRequest; expected: CanaryExpectation };

/** Words of which an answer must have most. For a tool call: in its arguments. */
export type CanaryExpectation = { words: readonly string[]; tool?: string };

/** Sentences around the task: `{text}` is the task. Everybody can read them here, so only their content is secret. */
const TEMPLATES = [
  '{text}',
  'Hi! {text}',
  '{text} Thanks!',
  'I am writing a small script and need help. {text}',
  'Quick question: {text}',
  'Please read carefully. {text}',
  '{text} Keep it short.',
  '{text} You may explain in a sentence if you like.',
];

const SYSTEMS = [
  'You are a helpful assistant.',
  'You answer briefly and precisely.',
  'You are an assistant for office work. Be polite.',
  'Follow the instructions of the user.',
];

/**
 * Makes a test job. Pure but for `random`.
 * @param can what the model can do; without tools none are used
 */
export function makeCanary(random: RandomSource, can: { tools: boolean; maxOutputTokens: number }): Canary {
  const kinds: CanaryKind[] = ['echo', 'recall', 'extract', ...(can.tools ? (['tool'] as const) : [])];
  const kind = pick(random, kinds) ?? 'echo';
  const task = TASKS[kind](random);
  const template = pick(random, TEMPLATES) ?? '{text}';
  const question = template.replace('{text}', () => task.text);
  const messages: ChatMessage[] = [...opening(random), user(question)];
  const temperature = pick(random, [undefined, undefined, 0, 0.2, 0.7, 1]);
  const caps = [256, 300, 500, 512, 800, 1_000, 1_024, 2_048, can.maxOutputTokens];
  const cap = Math.min(pick(random, caps) ?? can.maxOutputTokens, can.maxOutputTokens);
  return {
    kind,
    expected: task.expected,
    chat: {
      messages,
      tools: task.tools ?? [],
      toolChoice: 'auto',
      parallelToolCalls: true,
      responseFormat: { type: 'text' },
      sampling: temperature === undefined ? {} : { temperature },
      stop: [],
      maxOutputTokens: cap,
    },
  };
}

type Task = { text: string; expected: CanaryExpectation; tools?: ToolDefinition[] };

const TASKS: Record<CanaryKind, (random: RandomSource) => Task> = {
  echo(random) {
    const word = codeWord(random);
    const text = pick(random, [
      `Repeat this word exactly: ${word}`,
      `Write the word "${word}" and nothing else.`,
      `The password is ${word}. What is the password?`,
      `My cat is called ${word}. What is my cat called?`,
    ]);
    return { text, expected: { words: [word] } };
  },
  recall(random) {
    const owners = names(random, between(random, 3, 7));
    const words = owners.map(() => codeWord(random));
    const asked = Math.floor(random() * owners.length);
    const facts = owners.map((owner, index) => `${owner} has the code ${words[index] ?? ''}.`).join(' ');
    const text = `${facts} Which code does ${owners[asked] ?? ''} have?`;
    return { text, expected: { words: [words[asked] ?? ''] } };
  },
  extract(random) {
    const word = codeWord(random);
    const before = filler(random, between(random, 2, 40));
    const after = filler(random, between(random, 1, 20));
    const fact = `The reference of the order is ${word}.`;
    const text = `${before} ${fact} ${after}\n\nWhat is the reference of the order in this text?`;
    return { text, expected: { words: [word] } };
  },
  tool(random) {
    const word = codeWord(random);
    const name = `${pick(random, ['save', 'send', 'find', 'store'])}_${pick(random, ['note', 'order', 'entry', 'item'])}`;
    const field = pick(random, ['reference', 'code', 'label', 'key']);
    const tool: ToolDefinition = {
      name,
      description: sentence(random),
      parameters: { type: 'object', properties: { [field]: { type: 'string' } }, required: [field] },
    };
    const text = `Call the tool ${name} with the ${field} "${word}".`;
    return { text, expected: { words: [word], tool: name }, tools: [tool] };
  },
};

/** Nothing, a system message, or the beginning of a conversation. */
function opening(random: RandomSource): ChatMessage[] {
  const messages: ChatMessage[] = [];
  if (random() < 0.5) {
    const text = pick(random, SYSTEMS) ?? '';
    messages.push({ role: 'system', content: [{ type: 'text', text }] });
  }
  for (let turns = random() < 0.3 ? between(random, 1, 3) : 0; turns > 0; turns -= 1) {
    messages.push(user(`Shorten this: ${filler(random, between(random, 1, 4))}`));
    messages.push({ role: 'assistant', content: [{ type: 'text', text: sentence(random) }] });
  }
  return messages;
}

function user(text: string): ChatMessage {
  return { role: 'user', content: [{ type: 'text', text }] };
}
