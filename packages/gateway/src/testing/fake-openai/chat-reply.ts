import type { Json } from './check-common.ts';
import { object } from './check-common.ts';
import type { Asked, Script } from './scenarios.ts';
import { FAKE_USAGE, halves, words } from './scenarios.ts';

/** Replies of chat completions. Source: API reference, "Chat" and "Streaming", read 2026-11-20. */

const HEAD = {
  id: 'chatcmpl-fake',
  created: 1_795_000_000,
  service_tier: 'default',
  system_fingerprint: 'fp_fake',
};

/** Every model answers under the dated name that it has there. */
export function datedModel(model: string): string {
  return `${model}-2026-11-20`;
}

export function wholeChat(asked: Asked, script: Script): string {
  const { text = null, refusal = null } = script;
  const calls = script.calls.map(callOf);
  return JSON.stringify({
    ...HEAD,
    object: 'chat.completion',
    model: datedModel(asked.model),
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text,
          refusal,
          annotations: [],
          ...(calls.length > 0 ? { tool_calls: calls } : {}),
        },
        logprobs: null,
        finish_reason: finishReason(script),
      },
    ],
    usage: usageOf(script),
  });
}

export function chatEvents(asked: Asked, script: Script, body: Json): string[] {
  const event = (fields: Json) =>
    `data: ${JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', model: datedModel(asked.model), ...fields })}\n\n`;
  const delta = (fields: Json, reason: string | null = null) =>
    event({
      choices: [{ index: 0, delta: fields, logprobs: null, finish_reason: reason }],
      obfuscation: 'x7',
    });

  const events = [
    delta({ role: 'assistant', content: script.text === undefined ? null : '', refusal: null }),
  ];
  for (const content of words(script.text ?? '')) events.push(delta({ content }));
  for (const refusal of words(script.refusal ?? '')) events.push(delta({ refusal }));
  for (const [index, call] of script.calls.entries()) {
    const { id, type, function: called } = callOf(call, index);
    events.push(
      delta({ tool_calls: [{ index, id, type, function: { name: called.name, arguments: '' } }] }),
      ...halves(call.argumentsText).map((piece) =>
        delta({ tool_calls: [{ index, function: { arguments: piece } }] }),
      ),
    );
  }
  if (script.ending === 'error') return [...events, FAILURE];
  if (script.ending === 'truncated' || script.ending === 'reset') return events;
  events.push(delta({}, finishReason(script)));
  const wantsUsage = object(body['stream_options'])?.['include_usage'] === true;
  if (wantsUsage) events.push(event({ choices: [], usage: usageOf(script) }));
  return [...events, 'data: [DONE]\n\n'];
}

const FAILURE = `data: ${JSON.stringify({
  error: {
    message: 'The server had an error while processing your request. Sorry about that!',
    type: 'server_error',
    param: null,
    code: null,
  },
})}\n\n`;

function callOf({ name, argumentsText }: Script['calls'][number], index: number) {
  return { id: `call_fake_${index}`, type: 'function', function: { name, arguments: argumentsText } };
}

function finishReason({ ending, calls }: Script): string {
  if (ending === 'length') return 'length';
  if (ending === 'content-filter') return 'content_filter';
  return calls.length > 0 ? 'tool_calls' : 'stop';
}

function usageOf({ reasoning }: Script): Json {
  const { input, cached, written, output, reasoning: thought } = FAKE_USAGE;
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached, cache_write_tokens: written, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoning === undefined ? 0 : thought,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
