import { datedModel } from './chat-reply.ts';
import type { Json } from './check-common.ts';
import { asText } from './check-common.ts';
import type { Asked, Script } from './scenarios.ts';
import { FAKE_USAGE, halves, sealOf, words } from './scenarios.ts';

/** Replies of responses. Source: API reference, "Responses" and "Streaming events", read 2026-11-20. */

export function wholeResponse(asked: Asked, script: Script, body: Json): string {
  if (script.ending === 'error') return JSON.stringify(resource(asked, script, body, 'failed'));
  return JSON.stringify(resource(asked, script, body, finalStatus(script)));
}

type Emit = (type: string, fields: Json) => void;

export function responseEvents(asked: Asked, script: Script, body: Json): string[] {
  const events: string[] = [];
  const emit: Emit = (type, fields) => {
    const data = JSON.stringify({ type, sequence_number: events.length, ...fields });
    events.push(`event: ${type}\ndata: ${data}\n\n`);
  };
  emit('response.created', { response: resource(asked, script, body, 'in_progress') });
  emit('response.in_progress', { response: resource(asked, script, body, 'in_progress') });
  for (const [index, item] of itemsOf(asked, script).entries()) emitItem(item, index, emit);
  switch (script.ending) {
    case 'truncated':
    case 'reset':
      // The last event of the item goes missing with the end.
      return events.slice(0, -1);
    case 'error':
      emit('error', { error: FAILURE });
      emit('response.failed', { response: resource(asked, script, body, 'failed') });
      break;
    case 'normal':
    case 'length':
    case 'content-filter':
      emit(`response.${finalStatus(script)}`, {
        response: resource(asked, script, body, finalStatus(script)),
      });
  }
  return events;
}

const FAILURE = {
  type: 'server_error',
  code: 'server_error',
  message: 'An error occurred while processing your request.',
  param: null,
};

function emitItem(item: Json, index: number, emit: Emit): void {
  const place = { output_index: index, item_id: item['id'] };
  emit('response.output_item.added', { output_index: index, item: { ...item, ...emptied(item) } });
  switch (item['type']) {
    case 'reasoning':
      for (const [at, part] of (item['summary'] as { text: string }[]).entries()) {
        emitTexts(part.text, { ...place, summary_index: at }, { name: 'reasoning_summary', part, emit });
      }
      break;
    case 'message':
      for (const [at, part] of (item['content'] as Json[]).entries())
        emitContent(part, { ...place, content_index: at }, emit);
      break;
    default:
      for (const delta of halves(asText(item['arguments']))) {
        emit('response.function_call_arguments.delta', { ...place, delta });
      }
      emit('response.function_call_arguments.done', {
        ...place,
        name: item['name'],
        arguments: item['arguments'],
      });
  }
  emit('response.output_item.done', { output_index: index, item });
}

/** An item as it begins. */
function emptied(item: Json): Json {
  switch (item['type']) {
    case 'reasoning':
      return { summary: [], encrypted_content: 'gAAAAunfinished' };
    case 'message':
      return { status: 'in_progress', content: [] };
    default:
      return { status: 'in_progress', arguments: '' };
  }
}

function emitTexts(
  text: string,
  place: Json,
  { name, part, emit }: { name: string; part: Json; emit: Emit },
): void {
  emit(`response.${name}_part.added`, { ...place, part: { ...part, text: '' } });
  for (const delta of words(text))
    emit(`response.${name}_text.delta`, { ...place, delta, obfuscation: 'k2' });
  emit(`response.${name}_text.done`, { ...place, text });
  emit(`response.${name}_part.done`, { ...place, part });
}

function emitContent(part: Json, place: Json, emit: Emit): void {
  const isRefusal = part['type'] === 'refusal';
  const key = isRefusal ? 'refusal' : 'text';
  const name = isRefusal ? 'refusal' : 'output_text';
  const whole = asText(part[key]);
  emit('response.content_part.added', { ...place, part: { ...part, [key]: '' } });
  for (const delta of words(whole)) {
    emit(`response.${name}.delta`, {
      ...place,
      delta,
      ...(isRefusal ? {} : { logprobs: [], obfuscation: 'k2' }),
    });
  }
  emit(`response.${name}.done`, { ...place, [key]: whole, ...(isRefusal ? {} : { logprobs: [] }) });
  emit('response.content_part.done', { ...place, part });
}

/** The finished items. */
function itemsOf(asked: Asked, script: Script): Json[] {
  const items: Json[] = [];
  const { reasoning, text, refusal, calls } = script;
  if (reasoning !== undefined) {
    const summary = asked.wantsSummary ? [{ type: 'summary_text', text: reasoning }] : [];
    items.push({ id: 'rs_fake', type: 'reasoning', summary, encrypted_content: sealOf(reasoning) });
  }
  const message = { id: 'msg_fake', type: 'message', status: messageStatus(script), role: 'assistant' };
  if (text !== undefined) {
    items.push({ ...message, content: [{ type: 'output_text', annotations: [], logprobs: [], text }] });
  }
  if (refusal !== undefined) items.push({ ...message, content: [{ type: 'refusal', refusal }] });
  for (const [index, { name, argumentsText }] of calls.entries()) {
    items.push({
      id: `fc_fake_${index}`,
      type: 'function_call',
      status: 'completed',
      arguments: argumentsText,
      call_id: `call_fake_${index}`,
      name,
    });
  }
  return items;
}

type Status = 'in_progress' | 'completed' | 'incomplete' | 'failed';

function finalStatus({ ending }: Script): Status {
  return ending === 'length' || ending === 'content-filter' ? 'incomplete' : 'completed';
}

function messageStatus(script: Script): string {
  return finalStatus(script) === 'incomplete' ? 'incomplete' : 'completed';
}

/** What a request leaves out, as the API says it back. */
const DEFAULTS: Json = {
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  metadata: {},
  parallel_tool_calls: true,
  previous_response_id: null,
  prompt_cache_key: null,
  reasoning: { effort: null, summary: null },
  temperature: 1,
  text: { format: { type: 'text' }, verbosity: 'medium' },
  tool_choice: 'auto',
  tools: [],
  top_logprobs: 0,
  top_p: 1,
  truncation: 'disabled',
};

function resource(asked: Asked, script: Script, body: Json, status: Status): Json {
  const isDone = status !== 'in_progress';
  const given = Object.fromEntries(Object.keys(DEFAULTS).map((key) => [key, body[key] ?? DEFAULTS[key]]));
  const reason = script.ending === 'content-filter' ? 'content_filter' : 'max_output_tokens';
  return {
    id: 'resp_fake',
    object: 'response',
    created_at: 1_795_000_000,
    status,
    background: false,
    billing: { payer: 'developer' },
    completed_at: status === 'completed' ? 1_795_000_001 : null,
    error: status === 'failed' ? { code: FAILURE.code, message: FAILURE.message } : null,
    incomplete_details: status === 'incomplete' ? { reason } : null,
    model: datedModel(asked.model),
    output: isDone ? itemsOf(asked, script) : [],
    ...given,
    safety_identifier: 'user-operator',
    service_tier: isDone ? 'default' : 'auto',
    store: body['store'] ?? true,
    usage: isDone ? usageOf(script) : null,
    user: null,
  };
}

function usageOf({ reasoning }: Script): Json {
  const { input, cached, written, output, reasoning: thought } = FAKE_USAGE;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached, cache_write_tokens: written },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning === undefined ? 0 : thought },
    total_tokens: input + output,
  };
}
