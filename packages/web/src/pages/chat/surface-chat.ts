import { readFailure } from '../../studio/browser-key.ts';
import { numberAt, objectAt, objectsAt, parseObject, textAt, type JsonObject } from '../../studio/json.ts';
import type { Answer, Turn } from './conversation.ts';
import { costMicrosOf, given, type Ask, type Surface } from './surface.ts';

/** `POST /v1/chat/completions`, in OpenAI's form (docs/api.md). */
export const chatSurface: Surface = {
  id: 'chat',
  label: 'Chat completions',
  path: '/v1/chat/completions',
  body,
  createReader,
};

function body(ask: Ask): object {
  const system = ask.system.trim() === '' ? [] : [{ role: 'system', content: ask.system }];
  return given({
    model: ask.model,
    messages: [...system, ...ask.turns.flatMap(messagesOf)],
    stream: true,
    stream_options: { include_usage: true },
    temperature: ask.temperature,
    top_p: ask.topP,
    max_completion_tokens: ask.maxTokens,
    reasoning_effort: ask.effort === '' ? undefined : ask.effort,
    tools:
      ask.tools.length === 0 ? undefined : ask.tools.map((tool) => ({ type: 'function', function: tool })),
  });
}

function messagesOf(turn: Turn): object[] {
  if (turn.role === 'user') return [{ role: 'user', content: userContent(turn.text, turn.pictures) }];
  const { text, calls, thinking } = turn.answer;
  if (text === '' && calls.length === 0) return [];
  const reasoning = thinking.map((part) => part.text).join('\n');
  const message = given({
    role: 'assistant',
    content: text === '' ? null : text,
    reasoning_content: reasoning === '' ? undefined : reasoning,
    tool_calls:
      calls.length === 0
        ? undefined
        : calls.map(({ id, name, input }) => ({
            id,
            type: 'function',
            function: { name, arguments: input },
          })),
  });
  const results = calls.map(({ id, result }) => ({
    role: 'tool',
    tool_call_id: id,
    content: result ?? '',
  }));
  return [message, ...results];
}

function userContent(text: string, pictures: readonly string[]): string | object[] {
  if (pictures.length === 0) return text;
  const parts = pictures.map((url) => ({ type: 'image_url', image_url: { url } }));
  return text === '' ? parts : [{ type: 'text', text }, ...parts];
}

const ENDS: Readonly<Record<string, Answer['end']>> = { length: 'length', content_filter: 'refused' };

function createReader(draft: Answer): ReturnType<Surface['createReader']> {
  let reason = '';
  return ({ data }) => {
    if (data === '[DONE]') {
      draft.end = ENDS[reason] ?? 'whole';
      return;
    }
    const chunk = parseObject(data);
    if (objectAt(chunk, 'error') !== undefined) {
      draft.end = 'failed';
      draft.failure = readFailure(data, 'answer_interrupted');
      return;
    }
    const usage = objectAt(chunk, 'usage');
    if (usage !== undefined) readUsage(draft, usage);
    const choice = objectsAt(chunk, 'choices')[0];
    reason = textAt(choice, 'finish_reason') || reason;
    readDelta(draft, objectAt(choice, 'delta'));
  };
}

function readDelta(draft: Answer, delta: JsonObject | undefined): void {
  draft.text += textAt(delta, 'content') + textAt(delta, 'refusal');
  const reasoning = textAt(delta, 'reasoning_content') || textAt(delta, 'reasoning');
  if (reasoning !== '') {
    const [first] = draft.thinking;
    if (first === undefined) draft.thinking.push({ text: reasoning, proof: '', isHidden: false });
    else first.text += reasoning;
  }
  for (const piece of objectsAt(delta, 'tool_calls')) {
    const index = numberAt(piece, 'index');
    const part = objectAt(piece, 'function');
    const call = draft.calls[index];
    if (call !== undefined) call.input += textAt(part, 'arguments');
    else if (index === draft.calls.length)
      draft.calls.push({
        id: textAt(piece, 'id'),
        name: textAt(part, 'name'),
        input: textAt(part, 'arguments'),
        result: undefined,
      });
  }
}

function readUsage(draft: Answer, usage: JsonObject): void {
  draft.usage = {
    inputTokens: numberAt(usage, 'prompt_tokens'),
    cachedTokens: numberAt(objectAt(usage, 'prompt_tokens_details'), 'cached_tokens'),
    outputTokens: numberAt(usage, 'completion_tokens'),
    reasoningTokens: numberAt(objectAt(usage, 'completion_tokens_details'), 'reasoning_tokens'),
    costMicros: costMicrosOf(usage),
  };
  draft.requestId = textAt(usage, 'request_id') || draft.requestId;
}
