import { readFailure } from '../../studio/browser-key.ts';
import { numberAt, objectAt, parseObject, textAt, type JsonObject } from '../../studio/json.ts';
import type { Answer, AnswerTurn, Thinking, ToolCall, Turn } from './conversation.ts';
import { costMicrosOf, given, splitDataUrl, type Ask, type Surface } from './surface.ts';

/** `POST /v1/messages`, in Anthropic's form (docs/messages.md). */
export const messagesSurface: Surface = {
  id: 'messages',
  label: 'Messages',
  path: '/v1/messages',
  body,
  createReader,
};

function body(ask: Ask): object {
  return given({
    model: ask.model,
    max_tokens: ask.maxTokens ?? ask.modelMaxTokens,
    system: ask.system.trim() === '' ? undefined : ask.system,
    messages: ask.turns.flatMap(messagesOf),
    stream: true,
    temperature: ask.temperature,
    top_p: ask.topP,
    output_config: ask.effort === '' ? undefined : { effort: ask.effort },
    tools:
      ask.tools.length === 0
        ? undefined
        : ask.tools.map(({ name, description, parameters }) => ({
            name,
            description,
            input_schema: parameters,
          })),
  });
}

function messagesOf(turn: Turn): object[] {
  if (turn.role === 'user') return [{ role: 'user', content: userContent(turn.text, turn.pictures) }];
  const content = answerContent(turn);
  const { calls } = turn.answer;
  if (content.length === 0) return [];
  const results = calls.map(({ id, result }) => ({
    type: 'tool_result',
    tool_use_id: id,
    content: result ?? '',
  }));
  const answer = { role: 'assistant', content };
  return results.length === 0 ? [answer] : [answer, { role: 'user', content: results }];
}

function userContent(text: string, pictures: readonly string[]): string | object[] {
  if (pictures.length === 0) return text;
  const blocks = pictures.map((url) => {
    const { mediaType, data } = splitDataUrl(url);
    return { type: 'image', source: { type: 'base64', media_type: mediaType, data } };
  });
  return text === '' ? blocks : [...blocks, { type: 'text', text }];
}

/** Thinking goes back only to the surface that signed it. */
function answerContent({ surface, answer }: AnswerTurn): object[] {
  const signed = surface === 'messages' ? answer.thinking.filter(({ proof }) => proof !== '') : [];
  return [
    ...signed.map(({ text, proof, isHidden }) =>
      isHidden
        ? { type: 'redacted_thinking', data: proof }
        : { type: 'thinking', thinking: text, signature: proof },
    ),
    ...(answer.text.trim() === '' ? [] : [{ type: 'text', text: answer.text }]),
    ...answer.calls.map(({ id, name, input }) => ({
      type: 'tool_use',
      id,
      name,
      input: parseObject(input) ?? {},
    })),
  ];
}

const ENDS: Readonly<Record<string, Answer['end']>> = {
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'refused',
};

function createReader(draft: Answer): ReturnType<Surface['createReader']> {
  /** The block that is open: its text goes there. */
  let open: { thinking?: Thinking; call?: ToolCall } = {};
  let reason = '';
  let usage: JsonObject = {};
  return ({ type, data }) => {
    const fields = parseObject(data);
    switch (type) {
      case 'message_start':
        usage = { ...usage, ...objectAt(objectAt(fields, 'message'), 'usage') };
        break;
      case 'content_block_start':
        open = startBlock(draft, objectAt(fields, 'content_block'));
        break;
      case 'content_block_delta':
        readDelta(draft, open, objectAt(fields, 'delta'));
        break;
      case 'message_delta':
        reason = textAt(objectAt(fields, 'delta'), 'stop_reason') || reason;
        usage = { ...usage, ...objectAt(fields, 'usage') };
        readUsage(draft, usage);
        break;
      case 'message_stop':
        draft.end = ENDS[reason] ?? 'whole';
        break;
      case 'error':
        draft.end = 'failed';
        draft.failure = readFailure(data, 'answer_interrupted');
        break;
      default:
    }
  };
}

function startBlock(draft: Answer, block: JsonObject | undefined): { thinking?: Thinking; call?: ToolCall } {
  const type = textAt(block, 'type');
  if (type === 'thinking' || type === 'redacted_thinking') {
    const isHidden = type === 'redacted_thinking';
    const thinking = {
      text: textAt(block, 'thinking'),
      proof: textAt(block, isHidden ? 'data' : 'signature'),
      isHidden,
    };
    draft.thinking.push(thinking);
    return { thinking };
  }
  if (type === 'tool_use') {
    const call = { id: textAt(block, 'id'), name: textAt(block, 'name'), input: '', result: undefined };
    draft.calls.push(call);
    return { call };
  }
  if (type === 'text') draft.text += `${draft.text === '' ? '' : '\n\n'}${textAt(block, 'text')}`;
  return {};
}

function readDelta(
  draft: Answer,
  open: { thinking?: Thinking; call?: ToolCall },
  delta: JsonObject | undefined,
): void {
  draft.text += textAt(delta, 'text');
  if (open.thinking !== undefined) {
    open.thinking.text += textAt(delta, 'thinking');
    open.thinking.proof += textAt(delta, 'signature');
  }
  if (open.call !== undefined) open.call.input += textAt(delta, 'partial_json');
}

function readUsage(draft: Answer, usage: JsonObject): void {
  const cachedTokens = numberAt(usage, 'cache_read_input_tokens');
  draft.usage = {
    inputTokens:
      numberAt(usage, 'input_tokens') + cachedTokens + numberAt(usage, 'cache_creation_input_tokens'),
    cachedTokens,
    outputTokens: numberAt(usage, 'output_tokens'),
    reasoningTokens: numberAt(objectAt(usage, 'output_tokens_details'), 'thinking_tokens'),
    costMicros: costMicrosOf(usage),
  };
  draft.requestId = textAt(usage, 'request_id') || draft.requestId;
}
