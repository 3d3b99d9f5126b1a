import type { Asked, Reply } from './brain.ts';
import { PROVIDER_USAGE } from './brain.ts';
import { halves, onlyChoice, words, type DialectOfProvider, type NumberedReply } from './dialect.ts';

/**
 * OpenAI's chat completions as a provider speaks it. Fields and order of events: the API reference's pages "Chat" and
 * "Streaming", read 2026-11-20.
 */
export const chatDialect: DialectOfProvider = { path: '/v1/chat/completions', read, whole, events, problem };

type Part = { type: string; text?: string; image_url?: { url: string } };
type Message = { role: string; content?: string | Part[] | null };
type Body = {
  model: string;
  stream?: boolean;
  stop?: string | string[];
  messages: Message[];
  tools?: { function: { name: string } }[];
  tool_choice?: string | { function?: { name: string } };
  parallel_tool_calls?: boolean;
  response_format?: { type: string };
};

function read(text: string): { asked: Asked; stream: boolean } {
  const body = JSON.parse(text) as Body;
  const { messages, tools = [], tool_choice: choice } = body;
  const lastAnswer = messages.findLastIndex(({ role }) => role === 'assistant');
  const fresh = messages.slice(lastAnswer + 1);
  const lastOfUser = messages.findLast(({ role }) => role === 'user');
  const names = tools.map((tool) => tool.function.name);
  const asked: Asked = {
    model: body.model,
    prompt: textOf(lastOfUser),
    results: fresh.filter(({ role }) => role === 'tool').map(textOf),
    tools: choice === 'none' ? [] : names,
    forcedTool: typeof choice === 'object' ? choice.function?.name : onlyChoice(choice === 'required', names),
    mayCallTwice: body.parallel_tool_calls !== false,
    pictures: fresh.flatMap(picturesOf),
    stops: [body.stop ?? []].flat(),
    hasSchema: body.response_format?.type === 'json_schema',
    tellsReasoning: true,
  };
  return { asked, stream: body.stream === true };
}

function textOf(message: Message | undefined): string {
  const content = message?.content ?? '';
  if (typeof content === 'string') return content;
  return content.map((part) => part.text ?? '').join('');
}

function picturesOf(message: Message): Asked['pictures'] {
  if (!Array.isArray(message.content)) return [];
  return message.content.flatMap((part) => {
    const data = /^data:([^;]+);base64,(.*)$/s.exec(part.image_url?.url ?? '');
    return data === null ? [] : [{ mime: data[1] ?? '', bytes: Buffer.from(data[2] ?? '', 'base64').length }];
  });
}

const head = ({ number }: NumberedReply) => {
  return { id: `chatcmpl-provider-${number}`, created: 1_795_000_000, model: 'provider-model-2026' };
};

function finishReason(reply: Reply): string {
  if (reply.ending === 'length') return 'length';
  if (reply.ending === 'filtered') return 'content_filter';
  return reply.calls === undefined ? 'stop' : 'tool_calls';
}

function usage(reply: Reply): object {
  const { input, cached, output, reasoning } = PROVIDER_USAGE;
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: reply.reasoning === undefined ? 0 : reasoning },
  };
}

const callId = ({ number }: NumberedReply, index: number) => `call_provider_${number}_${index}`;

function callsOf(reply: NumberedReply): object[] | undefined {
  return reply.calls?.map(({ name, input }, index) => {
    const [text] = halves(input);
    return { id: callId(reply, index), type: 'function', function: { name, arguments: text } };
  });
}

function whole(reply: NumberedReply): string {
  const calls = callsOf(reply);
  return JSON.stringify({
    ...head(reply),
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: reply.text ?? null,
          refusal: reply.refusal ?? null,
          ...(reply.reasoning === undefined ? {} : { reasoning_content: reply.reasoning }),
          ...(calls === undefined ? {} : { tool_calls: calls }),
        },
        logprobs: null,
        finish_reason: finishReason(reply),
      },
    ],
    usage: usage(reply),
  });
}

/** The events of a streamed reply: those that open it, those of its text (again and again if endless), and the end. */
function events(reply: NumberedReply): { open: string[]; text: string[]; close: string[] } {
  const calls = reply.calls ?? [];
  return {
    open: [
      chunk(reply, { role: 'assistant', content: '' }),
      ...words(reply.reasoning).map((word) => chunk(reply, { reasoning_content: word })),
    ],
    text: [
      ...words(reply.text).map((content) => chunk(reply, { content })),
      ...words(reply.refusal).map((refusal) => chunk(reply, { refusal })),
    ],
    close: [
      ...calls.flatMap((call, index) => callChunks(reply, call, index)),
      chunk(reply, {}, finishReason(reply)),
      event({ ...head(reply), object: 'chat.completion.chunk', choices: [], usage: usage(reply) }),
      'data: [DONE]\n\n',
    ],
  };
}

function callChunks(reply: NumberedReply, call: { name: string; input: object }, index: number): string[] {
  const id = callId(reply, index);
  const [, first, second] = halves(call.input);
  const opening = { index, id, type: 'function', function: { name: call.name, arguments: '' } };
  return [
    chunk(reply, { tool_calls: [opening] }),
    chunk(reply, { tool_calls: [{ index, function: { arguments: first } }] }),
    chunk(reply, { tool_calls: [{ index, function: { arguments: second } }] }),
  ];
}

function chunk(reply: NumberedReply, delta: object, finish_reason: string | null = null): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason }];
  return event({ ...head(reply), object: 'chat.completion.chunk', choices, usage: null });
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

function problem(kind: NonNullable<Reply['problem']>): { status: number; body: string } {
  const rows = {
    'context-length': {
      status: 400,
      code: 'context_length_exceeded',
      message: "This model's maximum context length is 8192 tokens.",
    },
    overloaded: { status: 503, code: null, message: 'The engine is currently overloaded.' },
    broken: { status: 500, code: null, message: 'The server had an error.' },
  };
  const { status, code, message } = rows[kind];
  const type = status === 400 ? 'invalid_request_error' : 'server_error';
  return { status, body: JSON.stringify({ error: { message, type, param: null, code } }) };
}
