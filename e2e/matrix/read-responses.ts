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

/** Reads what a client of responses got. Throws where the dialect's rules are broken. */
export function readResponses(body: string, isStream: boolean): Answer {
  const answer = emptyAnswer();
  answer.hasForeignBytes = body.includes(PROVIDER_MARK);
  if (isStream) readStream(answer, body);
  else {
    const value = object(JSON.parse(body));
    if (value['object'] === 'response') readResponse(answer, value);
    else answer.error = textOf(object(value['error'])['code']);
  }
  return answer;
}

function readResponse(answer: Answer, response: Json): void {
  if (response['store'] !== false) throw new Error('the answer says that it was stored');
  for (const item of list(response['output'])) readItem(answer, item);
  const status = textOf(response['status']);
  if (status === 'failed') {
    answer.error = textOf(object(response['error'])['code']);
    return;
  }
  if (status === 'incomplete') {
    const { reason } = object(response['incomplete_details']);
    answer.finish = reason === 'max_output_tokens' ? 'length' : 'refusal';
  } else answer.finish = answer.calls.length > 0 ? 'tool-calls' : answer.refusal === '' ? 'stop' : 'refusal';
  const usage = object(response['usage']);
  answer.usage = {
    input: Number(usage['input_tokens']),
    cached: Number(object(usage['input_tokens_details'])['cached_tokens']),
    output: Number(usage['output_tokens']),
  };
}

function readItem(answer: Answer, item: Json): void {
  if (textOf(item['id']) === '') throw new Error('an item without an id');
  switch (item['type']) {
    case 'message':
      for (const part of list(item['content'])) {
        answer.text += textOf(part['text']);
        answer.refusal += textOf(part['refusal']);
      }
      return;
    case 'reasoning':
      for (const part of [...list(item['summary'] ?? []), ...list(item['content'] ?? [])])
        answer.reasoning += textOf(part['text']);
      return;
    case 'function_call':
      answer.calls.push({
        name: textOf(item['name']),
        input: JSON.parse(textOf(item['arguments'])) as unknown,
      });
      return;
    default:
      throw new Error(`unknown item ${textOf(item['type'])}`);
  }
}

/** The text that the deltas make, by item. */
type Deltas = Map<string, string>;

function readStream(answer: Answer, body: string): void {
  const names = [...body.matchAll(/^event: ?(.*)$/gm)].map((match) => match[1]);
  const { events, isDone } = eventsOf(body);
  const deltas: Deltas = new Map();
  const added = new Map<string, boolean>();
  let last = -1;
  let terminal: Json | undefined;
  for (const [at, event] of events.entries()) {
    const type = textOf(event['type']);
    if (names[at] !== type) throw new Error('the name of an event is not its type');
    const sequence = Number(event['sequence_number']);
    if (!(sequence > last)) throw new Error(`sequence ${sequence} after ${last}`);
    last = sequence;
    if (terminal !== undefined) throw new Error(`${type} after the end`);
    if (at === 0 && type !== 'response.created') throw new Error('created does not come first');
    if (type === 'response.output_item.added') added.set(textOf(object(event['item'])['id']), false);
    else if (type === 'response.output_item.done') closeItem(added, deltas, object(event['item']));
    else if (type.endsWith('.delta')) {
      const id = textOf(event['item_id']);
      if (added.get(id) !== false) throw new Error('a delta of an item that is not open');
      deltas.set(id, (deltas.get(id) ?? '') + textOf(event['delta']));
    } else if (/^response\.(?:completed|incomplete|failed)$/.test(type)) terminal = object(event['response']);
  }
  if (terminal === undefined) throw new Error('no terminal event');
  if (!isDone && terminal['status'] !== 'failed') throw new Error('no [DONE]');
  readResponse(answer, terminal);
  if (answer.error === undefined && [...added.values()].includes(false))
    throw new Error('an item never closed');
}

/** What the deltas said must be what the item holds. */
function closeItem(added: Map<string, boolean>, deltas: Deltas, item: Json): void {
  const id = textOf(item['id']);
  if (added.get(id) !== false) throw new Error('an item closes that is not open');
  added.set(id, true);
  const whole = emptyAnswer();
  readItem(whole, item);
  const text =
    item['type'] === 'function_call'
      ? textOf(item['arguments'])
      : whole.text + whole.refusal + whole.reasoning;
  if ((deltas.get(id) ?? '') !== text) throw new Error('the deltas do not make the item');
}
