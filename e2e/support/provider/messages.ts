import type { Asked, Reply } from './brain.ts';
import { PROVIDER_USAGE } from './brain.ts';
import { halves, onlyChoice, words, type DialectOfProvider, type NumberedReply } from './dialect.ts';

/**
 * Anthropic's messages as the provider speaks them. Fields and order of events: the API reference's pages "Messages"
 * and "Streaming messages", read 2026-11-20.
 */
export const messagesDialect: DialectOfProvider = { path: '/v1/messages', read, whole, events, problem };

type Block = {
  type: string;
  text?: string;
  content?: string | Block[];
  source?: { type: string; media_type?: string; data?: string };
};
type Message = { role: string; content: string | Block[] };
type Body = {
  model: string;
  stream?: boolean;
  stop_sequences?: string[];
  messages: Message[];
  tools?: { name: string }[];
  tool_choice?: { type: string; name?: string; disable_parallel_tool_use?: boolean };
  output_config?: { format?: { type: string } };
};

function read(text: string): { asked: Asked; stream: boolean } {
  const body = JSON.parse(text) as Body;
  const { messages, tools = [], tool_choice: choice } = body;
  const lastAnswer = messages.findLastIndex(({ role }) => role === 'assistant');
  const fresh = messages
    .slice(lastAnswer + 1)
    .filter(({ role }) => role === 'user')
    .flatMap(blocksOf);
  const results = fresh.filter(({ type }) => type === 'tool_result');
  // A turn that only brings results is no prompt.
  const prompts = messages.filter(
    ({ role, content }) =>
      role === 'user' && blocksOf({ role, content }).some(({ type }) => type !== 'tool_result'),
  );
  const names = tools.map(({ name }) => name);
  const asked: Asked = {
    model: body.model,
    prompt: prompts.slice(-1).flatMap(blocksOf).map(textOf).join(''),
    results: results.map((block) => contentOf(block).map(textOf).join('')),
    tools: choice?.type === 'none' ? [] : names,
    forcedTool: choice?.type === 'tool' ? choice.name : onlyChoice(choice?.type === 'any', names),
    mayCallTwice: choice?.disable_parallel_tool_use !== true,
    pictures: [...fresh, ...results.flatMap(contentOf)].flatMap(pictureOf),
    stops: body.stop_sequences ?? [],
    hasSchema: body.output_config?.format?.type === 'json_schema',
    tellsReasoning: true,
  };
  return { asked, stream: body.stream === true };
}

function blocksOf({ content }: Message): Block[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

function contentOf({ content = [] }: Block): Block[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

function textOf(block: Block): string {
  return block.text ?? '';
}

function pictureOf({ type, source }: Block): Asked['pictures'] {
  if (type !== 'image' || source?.type !== 'base64') return [];
  return [{ mime: source.media_type ?? '', bytes: Buffer.from(source.data ?? '', 'base64').length }];
}

const HEAD = {
  type: 'message',
  role: 'assistant',
  model: 'provider-model-2026',
  stop_sequence: null,
  container: null,
};

/** A made-up signature of the shape of a real one: whoever changes it is found out. */
const SIGNATURE = 'EqQBCkYIAxgCKkDprovider+signature/of==';

function stopReason(reply: Reply): string {
  if (reply.ending === 'length') return 'max_tokens';
  if (reply.ending === 'filtered' || reply.refusal !== undefined) return 'refusal';
  return reply.calls === undefined ? 'end_turn' : 'tool_use';
}

function usage(output: number): object {
  const { input, cached } = PROVIDER_USAGE;
  return {
    input_tokens: input - cached,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cached,
    output_tokens: output,
    service_tier: 'standard',
  };
}

const messageId = ({ number }: NumberedReply) => `msg_provider_${number}`;

function blocks(reply: NumberedReply): object[] {
  const text = reply.text ?? reply.refusal;
  return [
    ...(reply.reasoning === undefined
      ? []
      : [{ type: 'thinking', thinking: reply.reasoning, signature: SIGNATURE }]),
    ...(text === undefined ? [] : [{ type: 'text', text, citations: null }]),
    ...(reply.calls ?? []).map(({ name, input }, index) => {
      return { type: 'tool_use', id: `toolu_provider_${reply.number}_${index}`, name, input };
    }),
  ];
}

function whole(reply: NumberedReply): string {
  return JSON.stringify({
    ...HEAD,
    id: messageId(reply),
    content: blocks(reply),
    stop_reason: stopReason(reply),
    usage: usage(PROVIDER_USAGE.output),
  });
}

function events(reply: NumberedReply): { open: string[]; text: string[]; close: string[] } {
  const open = [
    event('message_start', {
      message: { ...HEAD, id: messageId(reply), content: [], stop_reason: null, usage: usage(1) },
    }),
  ];
  let index = 0;
  if (reply.reasoning !== undefined) {
    open.push(
      start(index, { type: 'thinking', thinking: '', signature: '' }),
      ...words(reply.reasoning).map((thinking) => delta(0, { type: 'thinking_delta', thinking })),
      delta(index, { type: 'signature_delta', signature: SIGNATURE }),
      event('content_block_stop', { index }),
    );
    index += 1;
  }
  open.push(event('ping', {}));
  const text: string[] = [];
  const close: string[] = [];
  const said = reply.text ?? reply.refusal;
  if (said !== undefined) {
    open.push(start(index, { type: 'text', text: '' }));
    for (const word of words(said)) text.push(delta(index, { type: 'text_delta', text: word }));
    close.push(event('content_block_stop', { index }));
    index += 1;
  }
  for (const [position, { name, input }] of (reply.calls ?? []).entries()) {
    const [, first, second] = halves(input);
    close.push(
      start(index, { type: 'tool_use', id: `toolu_provider_${reply.number}_${position}`, name, input: {} }),
      delta(index, { type: 'input_json_delta', partial_json: first }),
      delta(index, { type: 'input_json_delta', partial_json: second }),
      event('content_block_stop', { index }),
    );
    index += 1;
  }
  close.push(
    event('message_delta', {
      delta: { stop_reason: stopReason(reply), stop_sequence: null },
      usage: usage(PROVIDER_USAGE.output),
    }),
    event('message_stop', {}),
  );
  return { open, text, close };
}

function start(index: number, content_block: object): string {
  return event('content_block_start', { index, content_block });
}

function delta(index: number, change: object): string {
  return event('content_block_delta', { index, delta: change });
}

function event(type: string, data: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
}

function problem(kind: NonNullable<Reply['problem']>): { status: number; body: string } {
  const { status, type, message } = {
    'context-length': {
      status: 400,
      type: 'invalid_request_error',
      message: 'prompt is too long: 210000 tokens > 200000 maximum',
    },
    overloaded: { status: 529, type: 'overloaded_error', message: 'Overloaded' },
    broken: { status: 500, type: 'api_error', message: 'Internal server error' },
  }[kind];
  return {
    status,
    body: JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_provider' }),
  };
}
