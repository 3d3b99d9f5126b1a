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
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  tool_use: 'tool-calls',
  refusal: 'refusal',
};

/** Reads what a client of messages got. Throws where the dialect's rules are broken. */
export function readMessages(body: string, isStream: boolean): Answer {
  const answer = emptyAnswer();
  answer.hasForeignBytes = body.includes(PROVIDER_MARK);
  if (isStream) readStream(answer, body);
  else readWhole(answer, object(JSON.parse(body)));
  return answer;
}

function readWhole(answer: Answer, body: Json): void {
  if (body['type'] === 'error') {
    answer.error = textOf(object(body['error'])['type']);
    return;
  }
  if (body['type'] !== 'message' || body['role'] !== 'assistant') throw new Error('no message');
  for (const block of list(body['content'])) {
    if (block['type'] === 'text') answer.text += textOf(block['text']);
    else if (block['type'] === 'thinking') {
      if (textOf(block['signature']) === '') throw new Error('thinking without a signature');
      answer.reasoning += textOf(block['thinking']);
    } else if (block['type'] === 'tool_use')
      answer.calls.push({ name: textOf(block['name']), input: object(block['input']) });
    else throw new Error(`unknown block ${textOf(block['type'])}`);
  }
  finish(answer, textOf(body['stop_reason']));
  answer.usage = usageOf(object(body['usage']));
}

/** A refusal is a text here; the reason tells. */
function finish(answer: Answer, reason: string): void {
  answer.finish = FINISHES[reason] ?? 'none';
  if (answer.finish !== 'refusal') return;
  answer.refusal = answer.text;
  answer.text = '';
}

function usageOf(usage: Json): Answer['usage'] {
  const cached = Number(usage['cache_read_input_tokens']);
  const written = Number(usage['cache_creation_input_tokens']);
  return {
    input: Number(usage['input_tokens']) + cached + written,
    cached,
    output: Number(usage['output_tokens']),
  };
}

type Block = { type: string; text: string; name: string; signature: string; isOpen: boolean };

function readStream(answer: Answer, body: string): void {
  const names = [...body.matchAll(/^event: ?(.*)$/gm)].map((match) => match[1]);
  const { events } = eventsOf(body);
  const blocks: Block[] = [];
  let state: 'before' | 'open' | 'delta' | 'done' = 'before';
  for (const [at, event] of events.entries()) {
    const type = textOf(event['type']);
    if (names[at] !== type) throw new Error('the name of an event is not its type');
    if (state === 'done' || answer.error !== undefined) throw new Error(`${type} after the end`);
    switch (type) {
      case 'ping':
        break;
      case 'error':
        answer.error = textOf(object(event['error'])['type']);
        break;
      case 'message_start':
        if (state !== 'before') throw new Error('two starts');
        usageOf(object(object(event['message'])['usage']));
        state = 'open';
        break;
      case 'message_delta':
        if (state !== 'open' || blocks.some((block) => block.isOpen))
          throw new Error('an early message_delta');
        answer.usage = usageOf(object(event['usage']));
        gather(answer, blocks);
        finish(answer, textOf(object(event['delta'])['stop_reason']));
        state = 'delta';
        break;
      case 'message_stop':
        if (state !== 'delta') throw new Error('a stop without a message_delta');
        state = 'done';
        break;
      default:
        if (state !== 'open') throw new Error(`${type} outside of the message`);
        readBlockEvent(blocks, type, event);
    }
  }
  if (answer.error === undefined && state !== 'done') throw new Error('no message_stop');
  if (answer.error !== undefined) gather(answer, blocks);
}

function readBlockEvent(blocks: Block[], type: string, event: Json): void {
  const index = Number(event['index']);
  if (type === 'content_block_start') {
    if (index !== blocks.length || blocks.some((block) => block.isOpen))
      throw new Error('a block opens at a wrong place');
    const block = object(event['content_block']);
    blocks.push({
      type: textOf(block['type']),
      text: textOf(block['text']) + textOf(block['thinking']),
      name: textOf(block['name']),
      signature: '',
      isOpen: true,
    });
    return;
  }
  const block = blocks[index];
  if (block?.isOpen !== true) throw new Error(`${type} of a block that is not open`);
  if (type === 'content_block_stop') {
    if (block.type === 'thinking' && block.signature === '') throw new Error('thinking without a signature');
    block.isOpen = false;
    return;
  }
  if (type !== 'content_block_delta') throw new Error(`unknown event ${type}`);
  const delta = object(event['delta']);
  const kinds: Readonly<Record<string, string>> = {
    text_delta: 'text',
    thinking_delta: 'thinking',
    signature_delta: 'thinking',
    input_json_delta: 'tool_use',
  };
  if (kinds[textOf(delta['type'])] !== block.type) throw new Error('a delta of another kind than its block');
  block.signature += textOf(delta['signature']);
  block.text += textOf(delta['text']) + textOf(delta['thinking']) + textOf(delta['partial_json']);
}

function gather(answer: Answer, blocks: readonly Block[]): void {
  for (const { type, text, name, isOpen } of blocks) {
    if (type === 'text') answer.text += text;
    else if (type === 'thinking') answer.reasoning += text;
    else if (!isOpen) answer.calls.push({ name, input: JSON.parse(text === '' ? '{}' : text) as unknown });
  }
}
