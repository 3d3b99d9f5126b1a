import { readFailure } from '../../studio/browser-key.ts';
import { numberAt, objectAt, parseObject, textAt, type JsonObject } from '../../studio/json.ts';
import type { Answer, AnswerTurn, Thinking, ToolCall, Turn } from './conversation.ts';
import { costMicrosOf, given, type Ask, type Surface } from './surface.ts';

/** `POST /v1/responses`, in OpenAI's newer form (docs/responses.md). */
export const responsesSurface: Surface = {
  id: 'responses',
  label: 'Responses',
  path: '/v1/responses',
  body,
  createReader,
};

function body(ask: Ask): object {
  return given({
    model: ask.model,
    instructions: ask.system.trim() === '' ? undefined : ask.system,
    input: ask.turns.flatMap(itemsOf),
    stream: true,
    store: false,
    temperature: ask.temperature,
    top_p: ask.topP,
    max_output_tokens: ask.maxTokens,
    include: ask.thinks ? ['reasoning.encrypted_content'] : undefined,
    reasoning: ask.thinks
      ? given({ summary: 'auto', effort: ask.effort === '' ? undefined : ask.effort })
      : undefined,
    tools:
      ask.tools.length === 0
        ? undefined
        : // Without it the schema would have to keep OpenAI's rules for strict ones.
          ask.tools.map((tool) => ({ type: 'function', ...tool, strict: false })),
  });
}

function itemsOf(turn: Turn): object[] {
  if (turn.role === 'assistant') return answerItems(turn);
  const texts = turn.text === '' ? [] : [{ type: 'input_text', text: turn.text }];
  const pictures = turn.pictures.map((url) => ({ type: 'input_image', image_url: url }));
  return [{ type: 'message', role: 'user', content: [...texts, ...pictures] }];
}

/** Reasoning goes back only to the surface that gave it. */
function answerItems({ surface, answer }: AnswerTurn): object[] {
  const { text, thinking, calls } = answer;
  const proven = surface === 'responses' ? thinking.filter(({ proof }) => proof !== '') : [];
  return [
    ...proven.map((part) => ({
      type: 'reasoning',
      summary: part.text === '' ? [] : [{ type: 'summary_text', text: part.text }],
      encrypted_content: part.proof,
    })),
    ...(text === '' ? [] : [{ type: 'message', role: 'assistant', content: text }]),
    ...calls.map(({ id, name, input }) => ({ type: 'function_call', call_id: id, name, arguments: input })),
    ...calls.map(({ id, result }) => ({ type: 'function_call_output', call_id: id, output: result ?? '' })),
  ];
}

const TEXT_DELTAS = ['response.output_text.delta', 'response.refusal.delta'];
const THINKING_DELTAS = ['response.reasoning_text.delta', 'response.reasoning_summary_text.delta'];

function createReader(draft: Answer): ReturnType<Surface['createReader']> {
  const calls = new Map<number, ToolCall>();
  const thoughts = new Map<number, Thinking>();
  return ({ data }) => {
    const fields = parseObject(data);
    const type = textAt(fields, 'type');
    const index = numberAt(fields, 'output_index');
    const delta = textAt(fields, 'delta');
    const item = objectAt(fields, 'item');
    const call = calls.get(index);
    const thought = thoughts.get(index);
    if (TEXT_DELTAS.includes(type)) draft.text += delta;
    else if (THINKING_DELTAS.includes(type) && thought !== undefined) thought.text += delta;
    else if (type === 'response.function_call_arguments.delta' && call !== undefined) call.input += delta;
    else if (type === 'response.output_item.added') {
      const added = startItem(draft, item);
      if (added.call !== undefined) calls.set(index, added.call);
      if (added.thought !== undefined) thoughts.set(index, added.thought);
    } else if (type === 'response.output_item.done') {
      if (thought !== undefined) thought.proof = textAt(item, 'encrypted_content');
      // The whole input, should a piece of it be missing.
      if (call !== undefined) call.input = textAt(item, 'arguments') || call.input;
    } else if (type === 'error') {
      draft.failure = failureOf(data, fields);
    } else if (type === 'response.completed') finish(draft, 'whole', fields);
    else if (type === 'response.incomplete') finish(draft, incompleteEnd(fields), fields);
    else if (type === 'response.failed') {
      draft.failure ??= failureOf(JSON.stringify(fields?.['response'] ?? {}), undefined);
      finish(draft, 'failed', fields);
    }
  };
}

function startItem(draft: Answer, item: JsonObject | undefined): { call?: ToolCall; thought?: Thinking } {
  const type = textAt(item, 'type');
  if (type === 'reasoning') {
    const thought = { text: '', proof: '', isHidden: false };
    draft.thinking.push(thought);
    return { thought };
  }
  if (type !== 'function_call') return {};
  const call = { id: textAt(item, 'call_id'), name: textAt(item, 'name'), input: '', result: undefined };
  draft.calls.push(call);
  return { call };
}

function incompleteEnd(fields: JsonObject | undefined): Answer['end'] {
  const details = objectAt(objectAt(fields, 'response'), 'incomplete_details');
  return textAt(details, 'reason') === 'content_filter' ? 'refused' : 'length';
}

/** The event `error` has code and message itself, or in `error`. */
function failureOf(data: string, fields: JsonObject | undefined): { code: string; message: string } {
  const message = textAt(fields, 'message');
  if (message === '') return readFailure(data, 'answer_interrupted');
  return { code: textAt(fields, 'code') || 'answer_interrupted', message };
}

function finish(draft: Answer, end: Answer['end'], fields: JsonObject | undefined): void {
  draft.end = end;
  const usage = objectAt(objectAt(fields, 'response'), 'usage');
  if (usage === undefined) return;
  draft.usage = {
    inputTokens: numberAt(usage, 'input_tokens'),
    cachedTokens: numberAt(objectAt(usage, 'input_tokens_details'), 'cached_tokens'),
    outputTokens: numberAt(usage, 'output_tokens'),
    reasoningTokens: numberAt(objectAt(usage, 'output_tokens_details'), 'reasoning_tokens'),
    costMicros: costMicrosOf(usage),
  };
  draft.requestId = textAt(usage, 'request_id') || draft.requestId;
}
