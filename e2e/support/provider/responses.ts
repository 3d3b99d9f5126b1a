import type { Asked, Reply } from './brain.ts';
import { PROVIDER_USAGE } from './brain.ts';
import { halves, onlyChoice, words, type DialectOfProvider, type NumberedReply } from './dialect.ts';

/**
 * OpenAI's responses as the provider speaks them. Fields and order of events: the API reference's pages "Responses" and
 * "Streaming events", read 2026-11-20.
 */
export const responsesDialect: DialectOfProvider = { path: '/v1/responses', read, whole, events, problem };

type Part = { type: string; text?: string; image_url?: string };
type Item = { type?: string; role?: string; content?: string | Part[]; output?: string | Part[] };
type Body = {
  model: string;
  stream?: boolean;
  input: string | Item[];
  tools?: { type: string; name?: string }[];
  tool_choice?: string | { name?: string };
  parallel_tool_calls?: boolean;
  text?: { format?: { type: string } };
  reasoning?: { summary?: unknown };
};

function read(text: string): { asked: Asked; stream: boolean } {
  const body = JSON.parse(text) as Body;
  const { tools = [], tool_choice: choice } = body;
  const items: Item[] = typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : body.input;
  const lastAnswer = items.findLastIndex(
    ({ type, role }) => role === 'assistant' || type === 'function_call' || type === 'reasoning',
  );
  const fresh = items.slice(lastAnswer + 1);
  const results = fresh.filter(({ type }) => type === 'function_call_output');
  const names = tools.flatMap(({ name }) => name ?? []);
  const asked: Asked = {
    model: body.model,
    prompt: partsOf(items.findLast(({ role }) => role === 'user')?.content)
      .map(textOf)
      .join(''),
    results: results.map(({ output }) => partsOf(output).map(textOf).join('')),
    tools: choice === 'none' ? [] : names,
    forcedTool: typeof choice === 'object' ? choice.name : onlyChoice(choice === 'required', names),
    mayCallTwice: body.parallel_tool_calls !== false,
    pictures: fresh.flatMap(({ content, output }) =>
      [...partsOf(content), ...partsOf(output)].flatMap(pictureOf),
    ),
    stops: [],
    hasSchema: body.text?.format?.type === 'json_schema',
    tellsReasoning: typeof body.reasoning?.summary === 'string',
  };
  return { asked, stream: body.stream === true };
}

function partsOf(content: string | Part[] = []): Part[] {
  return typeof content === 'string' ? [{ type: 'input_text', text: content }] : content;
}

function textOf(part: Part): string {
  return part.text ?? '';
}

function pictureOf({ image_url: url = '' }: Part): Asked['pictures'] {
  const data = /^data:([^;]+);base64,(.*)$/s.exec(url);
  return data === null ? [] : [{ mime: data[1] ?? '', bytes: Buffer.from(data[2] ?? '', 'base64').length }];
}

type Piece = { kind: 'reasoning' | 'text' | 'refusal' | 'call'; item: Record<string, unknown> };

/** The finished items of a reply. */
function pieces(reply: NumberedReply): Piece[] {
  const all: Piece[] = [];
  const { reasoning, text, refusal, calls = [], number } = reply;
  if (reasoning !== undefined) {
    const summary = [{ type: 'summary_text', text: reasoning }];
    all.push({ kind: 'reasoning', item: { id: `rs_provider_${number}`, type: 'reasoning', summary } });
  }
  const message = { id: `msg_provider_${number}`, type: 'message', status: 'completed', role: 'assistant' };
  if (text !== undefined) {
    const content = [{ type: 'output_text', text, annotations: [], logprobs: [] }];
    all.push({ kind: 'text', item: { ...message, status: messageStatus(reply), content } });
  }
  if (refusal !== undefined) {
    all.push({ kind: 'refusal', item: { ...message, content: [{ type: 'refusal', refusal }] } });
  }
  for (const [index, { name, input }] of calls.entries()) {
    const [argumentsText] = halves(input);
    const ids = { id: `fc_provider_${number}_${index}`, call_id: `call_provider_${number}_${index}` };
    all.push({
      kind: 'call',
      item: { ...ids, type: 'function_call', status: 'completed', name, arguments: argumentsText },
    });
  }
  return all;
}

function messageStatus({ ending }: Reply): string {
  return ending === 'length' || ending === 'filtered' ? 'incomplete' : 'completed';
}

function resource(reply: NumberedReply, isDone: boolean): object {
  const { input, cached, output, reasoning } = PROVIDER_USAGE;
  const reason = { length: 'max_output_tokens', filtered: 'content_filter' }[reply.ending as string];
  const status = reason === undefined ? 'completed' : 'incomplete';
  return {
    id: `resp_provider_${reply.number}`,
    object: 'response',
    created_at: 1_795_000_000,
    status: isDone ? status : 'in_progress',
    background: false,
    error: null,
    incomplete_details: isDone && reason !== undefined ? { reason } : null,
    instructions: null,
    max_output_tokens: null,
    metadata: {},
    model: 'provider-model-2026',
    output: isDone ? pieces(reply).map(({ item }) => item) : [],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: false,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    usage: isDone
      ? {
          input_tokens: input,
          input_tokens_details: { cached_tokens: cached },
          output_tokens: output,
          output_tokens_details: { reasoning_tokens: reply.reasoning === undefined ? 0 : reasoning },
          total_tokens: input + output,
        }
      : null,
    user: null,
  };
}

function whole(reply: NumberedReply): string {
  return JSON.stringify(resource(reply, true));
}

type Numbered = (type: string, data: object) => string;

function events(reply: NumberedReply): { open: string[]; text: string[]; close: string[] } {
  let sequence = 0;
  const event: Numbered = (type, data) => {
    const line = `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence, ...data })}\n\n`;
    sequence += 1;
    return line;
  };
  const open = [
    event('response.created', { response: resource(reply, false) }),
    event('response.in_progress', { response: resource(reply, false) }),
  ];
  const text: string[] = [];
  const close: string[] = [];
  for (const [output_index, piece] of pieces(reply).entries()) {
    const written = pieceEvents(event, piece, output_index);
    if (piece.kind === 'reasoning') open.push(...written.before, ...written.deltas, ...written.after);
    else if (piece.kind === 'call') close.push(...written.before, ...written.deltas, ...written.after);
    else {
      open.push(...written.before);
      text.push(...written.deltas);
      close.push(...written.after);
    }
  }
  const isCut = messageStatus(reply) === 'incomplete';
  close.push(
    event(isCut ? 'response.incomplete' : 'response.completed', { response: resource(reply, true) }),
  );
  return { open, text, close };
}

type Written = { before: string[]; deltas: string[]; after: string[] };

function pieceEvents(event: Numbered, { kind, item }: Piece, output_index: number): Written {
  const at = { item_id: item['id'], output_index };
  const done = () => event('response.output_item.done', { output_index, item });
  const opening = (fields: object) =>
    event('response.output_item.added', { output_index, item: { ...item, ...fields } });
  switch (kind) {
    case 'reasoning': {
      const [part] = item['summary'] as [{ text: string }];
      const spot = { ...at, summary_index: 0 };
      return {
        before: [
          opening({ summary: [] }),
          event('response.reasoning_summary_part.added', { ...spot, part: { ...part, text: '' } }),
        ],
        deltas: words(part.text).map((delta) =>
          event('response.reasoning_summary_text.delta', { ...spot, delta }),
        ),
        after: [
          event('response.reasoning_summary_text.done', { ...spot, text: part.text }),
          event('response.reasoning_summary_part.done', { ...spot, part }),
          done(),
        ],
      };
    }
    case 'text':
    case 'refusal': {
      const name = kind === 'text' ? 'output_text' : 'refusal';
      const field = kind === 'text' ? 'text' : 'refusal';
      const [part] = item['content'] as [Record<string, unknown>];
      const said = String(part[field]);
      const spot = { ...at, content_index: 0 };
      const extra = kind === 'text' ? { logprobs: [] } : {};
      return {
        before: [
          opening({ status: 'in_progress', content: [] }),
          event('response.content_part.added', { ...spot, part: { ...part, [field]: '' } }),
        ],
        deltas: words(said).map((delta) => event(`response.${name}.delta`, { ...spot, delta, ...extra })),
        after: [
          event(`response.${name}.done`, { ...spot, [field]: said, ...extra }),
          event('response.content_part.done', { ...spot, part }),
          done(),
        ],
      };
    }
    case 'call': {
      const text = String(item['arguments']);
      const middle = Math.ceil(text.length / 2);
      return {
        before: [opening({ status: 'in_progress', arguments: '' })],
        deltas: [text.slice(0, middle), text.slice(middle)].map((delta) =>
          event('response.function_call_arguments.delta', { ...at, delta }),
        ),
        after: [
          event('response.function_call_arguments.done', { ...at, name: item['name'], arguments: text }),
          done(),
        ],
      };
    }
  }
}

function problem(kind: NonNullable<Reply['problem']>): { status: number; body: string } {
  const { status, code, message } = {
    'context-length': {
      status: 400,
      code: 'context_length_exceeded',
      message: 'Your input exceeds the context window of this model.',
    },
    overloaded: {
      status: 503,
      code: 'server_is_overloaded',
      message: 'Our servers are currently overloaded.',
    },
    broken: { status: 500, code: 'server_error', message: 'The server had an error.' },
  }[kind];
  const type = status === 400 ? 'invalid_request_error' : 'server_error';
  return { status, body: JSON.stringify({ error: { message, type, param: null, code } }) };
}
