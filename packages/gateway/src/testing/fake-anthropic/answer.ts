import type { FakeBody } from './check-request.ts';
import type { FakeBlock, FakeMessage } from './check-messages.ts';
import { thinkingOf } from './model-rules.ts';
import { signatureOf } from './signature.ts';

/** What the fake reports for each answer, in the API's own buckets: `output` holds the thinking. */
export const FAKE_USAGE = { input: 25, cacheWrite: 3, cacheRead: 7, output: 20, thinking: 8 } as const;

export type FakeAnswer = {
  /** Complete, as a whole reply has them. */
  blocks: FakeBlock[];
  stop: { stop_reason: string; stop_sequence?: string; stop_details?: object };
};

export type Question = {
  body: FakeBody;
  turns: readonly FakeMessage[];
  scenario: string;
  /** A new id for a call. */
  newId: () => string;
};

const THOUGHT = 'Let me think. ';

/**
 * The answer of a model that does what it is asked: it calls a tool when it must, fills a schema, says what a tool
 * said, tells what pictures it sees, and otherwise says back what the user said. Scenarios change that.
 */
export function answerTo(question: Question): FakeAnswer {
  const { body, scenario } = question;
  const model = body.model;
  const thinking = scenario === 'thinking' ? 'shown' : thinkingOf(model, body);
  const before = thinking === 'none' ? [] : [thinkingBlock(thinking === 'hidden' ? '' : THOUGHT)];
  if (scenario === 'redacted') before.push({ type: 'redacted_thinking', data: signatureOf('redacted') });
  const { blocks, stop } = SCENARIOS[scenario]?.(question) ?? usual(question);
  return { blocks: [...before, ...blocks], stop };
}

export function thinkingBlock(thinking: string): FakeBlock {
  return { type: 'thinking', thinking, signature: signatureOf(thinking) };
}

const END = { stop_reason: 'end_turn' };
const said = (text: string, stop: FakeAnswer['stop'] = END): FakeAnswer => ({
  blocks: [{ type: 'text', text, citations: null }],
  stop,
});

const SCENARIOS: Readonly<Record<string, (question: Question) => FakeAnswer>> = {
  tools: (question) => calls(question, 1),
  'parallel-tools': (question) => calls(question, 2),
  refusal: () => ({
    blocks: [],
    stop: {
      stop_reason: 'refusal',
      stop_details: { type: 'refusal', category: 'bio', explanation: 'This was declined.' },
    },
  }),
  'max-tokens': () => said('Once upon a', { stop_reason: 'max_tokens' }),
  'context-window': () => said('Once upon a', { stop_reason: 'model_context_window_exceeded' }),
  'stop-sequence': ({ body }) => {
    const [stop = 'END'] = (body['stop_sequences'] ?? []) as string[];
    return said('Up to here', { stop_reason: 'stop_sequence', stop_sequence: stop });
  },
  'pause-turn': () => said('So far', { stop_reason: 'pause_turn' }),
  empty: () => ({ blocks: [], stop: END }),
  'web-search': (question) => ({
    blocks: [
      {
        type: 'server_tool_use',
        id: `srv${question.newId()}`,
        name: 'web_search',
        input: { query: 'weather Lisbon' },
        caller: { type: 'direct' },
      },
      {
        type: 'web_search_tool_result',
        tool_use_id: 'srvtoolu_1',
        caller: { type: 'direct' },
        content: [{ type: 'web_search_result', url: 'https://example.com', title: 'Weather' }],
      },
      { type: 'text', text: 'It is sunny.', citations: null },
    ],
    stop: END,
  }),
};

function usual(question: Question): FakeAnswer {
  const { body, turns } = question;
  const choice = (body['tool_choice'] as { type?: string } | undefined)?.type;
  if (choice === 'any' || choice === 'tool') return calls(question, 1);
  const schema = (body['output_config'] as { format?: { schema: unknown } } | undefined)?.format?.schema;
  if (schema !== undefined) return said(JSON.stringify(example(schema)));
  const last = turns.at(-1)?.content ?? [];
  const results = last.filter((block) => block.type === 'tool_result');
  if (results.length > 0) return said(`The tool said: ${results.map(textOf).join(', ')}`);
  const pictures = last.filter((block) => block.type === 'image').map(pictureOf);
  if (pictures.length > 0) return said(`I see ${pictures.join(' and ')}.`);
  return said(`You said: ${textOf({ type: 'turn', content: last })}`);
}

function calls({ body, newId }: Question, count: number): FakeAnswer {
  const tools = (body['tools'] ?? []) as { name: string; input_schema?: unknown }[];
  const choice = body['tool_choice'] as
    | { type: string; name?: string; disable_parallel_tool_use?: boolean }
    | undefined;
  const named = tools.find((tool) => tool.name === choice?.name) ?? tools[0];
  if (named === undefined || choice?.type === 'none') return said('I have no tool.');
  const wanted = choice?.disable_parallel_tool_use === true ? 1 : count;
  const blocks = Array.from({ length: wanted }, () => ({
    type: 'tool_use',
    id: newId(),
    name: named.name,
    input: example(named.input_schema) as object,
    caller: { type: 'direct' },
  }));
  return { blocks, stop: { stop_reason: 'tool_use' } };
}

/** A value of a schema. */
function example(schema: unknown): unknown {
  const {
    type,
    properties,
    items,
    anyOf,
    enum: values,
    const: fixed,
  } = (schema ?? {}) as Record<string, unknown>;
  if (fixed !== undefined) return fixed;
  if (Array.isArray(values)) return values[0];
  if (Array.isArray(anyOf)) return example(anyOf[0]);
  switch (Array.isArray(type) ? type[0] : type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(properties ?? {}).map(([name, property]) => [name, example(property)]),
      );
    case 'array':
      return [example(items)];
    case 'number':
    case 'integer':
      return 7;
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return 'Lisbon';
  }
}

function textOf({ content }: FakeBlock): string {
  if (typeof content === 'string') return content;
  const parts = Array.isArray(content) ? (content as FakeBlock[]) : [];
  return parts
    .map((part) => (part.type === 'text' ? String(part['text']) : ''))
    .join(' ')
    .trim();
}

function pictureOf(block: FakeBlock): string {
  const { media_type: mime, data } = block['source'] as { media_type: string; data: string };
  return `${mime} of ${Buffer.from(data, 'base64').length} bytes`;
}
