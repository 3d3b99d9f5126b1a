import {
  emptyAnswer,
  eventsOf,
  list,
  object,
  PROVIDER_MARK,
  textOf,
  type Answer,
  type Json,
} from './answer.ts';

const FINISHES: Readonly<Record<string, Answer['finish']>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  content_filter: 'refusal',
};

/** Reads what a client of chat completions got. Throws where the dialect's rules are broken. */
export function readChat(body: string, isStream: boolean): Answer {
  const answer = emptyAnswer();
  answer.hasForeignBytes = body.includes(PROVIDER_MARK);
  if (isStream) readStream(answer, body);
  else readWhole(answer, object(JSON.parse(body)));
  if (answer.refusal !== '' && answer.finish === 'stop') answer.finish = 'refusal';
  return answer;
}

function readWhole(answer: Answer, body: Json): void {
  if (body['error'] !== undefined) {
    answer.error = textOf(object(body['error'])['code']);
    return;
  }
  const [choice, second] = list(body['choices']);
  if (second !== undefined) throw new Error('more than one choice');
  const message = object(choice?.['message']);
  if (message['role'] !== 'assistant') throw new Error('no role');
  answer.text = textOf(message['content']);
  answer.reasoning = textOf(message['reasoning_content']);
  answer.refusal = textOf(message['refusal']);
  answer.calls = list(message['tool_calls'] ?? []).map((call) => {
    const { name, arguments: input } = object(call['function']);
    if (textOf(call['id']) === '') throw new Error('a call without an id');
    return { name: textOf(name), input: JSON.parse(textOf(input)) as unknown };
  });
  answer.finish = FINISHES[textOf(choice?.['finish_reason'])] ?? 'none';
  answer.usage = usageOf(object(body['usage']));
}

function usageOf(usage: Json): Answer['usage'] {
  return {
    input: Number(usage['prompt_tokens']),
    cached: Number(object(usage['prompt_tokens_details'])['cached_tokens']),
    output: Number(usage['completion_tokens']),
  };
}

function readStream(answer: Answer, body: string): void {
  const { events, isDone } = eventsOf(body);
  const calls: { name: string; text: string }[] = [];
  let hasRole = false;
  for (const event of events) {
    if (event['error'] !== undefined) {
      answer.error = textOf(object(event['error'])['code']);
      continue;
    }
    if (answer.error !== undefined) throw new Error('something came after the error');
    if (event['usage'] !== undefined && event['usage'] !== null) {
      if (answer.usage !== undefined) throw new Error('usage came twice');
      answer.usage = usageOf(object(event['usage']));
    }
    const [choice] = list(event['choices']);
    if (choice === undefined) continue;
    const delta = object(choice['delta']);
    hasRole ||= delta['role'] === 'assistant';
    if (!hasRole) throw new Error('a delta before the role');
    if (answer.finish !== 'none') throw new Error('a delta after the finish');
    answer.text += textOf(delta['content']);
    answer.reasoning += textOf(delta['reasoning_content']);
    answer.refusal += textOf(delta['refusal']);
    for (const part of list(delta['tool_calls'] ?? [])) readCall(calls, part);
    if (choice['finish_reason'] !== null) answer.finish = FINISHES[textOf(choice['finish_reason'])] ?? 'none';
  }
  if (isDone === (answer.error !== undefined)) throw new Error('[DONE] must follow answers, and no error');
  answer.calls = calls.map(({ name, text }) => ({ name, input: JSON.parse(text) as unknown }));
}

function readCall(calls: { name: string; text: string }[], part: Json): void {
  const at = Number(part['index']);
  const { name, arguments: text } = object(part['function']);
  if (at === calls.length) {
    if (part['type'] !== 'function' || textOf(part['id']) === '')
      throw new Error('a call opens without its head');
    calls.push({ name: textOf(name), text: '' });
  }
  const call = calls[at];
  if (call === undefined) throw new Error('a gap in the calls');
  call.text += textOf(text);
}
