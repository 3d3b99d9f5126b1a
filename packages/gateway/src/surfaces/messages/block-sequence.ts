import type { ReasoningSeal } from '@switchyard/protocol/chat.ts';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import { LIMITS } from '../../core/limits.ts';
import { sealText } from '../../core/reasoning-seal.ts';
import type { JsonEnd } from './json-end.ts';
import { createJsonEnd } from './json-end.ts';
import type { AnswerFacts } from './stop-reason.ts';

/** How a content block begins. What follows is text: of a `tool_use` its input's JSON, of `redacted_thinking` none. */
export type BlockHead =
  | { type: 'text' }
  | { type: 'thinking' }
  | { type: 'redacted_thinking'; data: string }
  | { type: 'tool_use'; id: string; name: string };

/** Gets the blocks of an answer one after the other: for each one `open`, any number of `append`, one `close`. */
export type BlockSink = {
  open(head: BlockHead): void;
  append(text: string): void;
  /** `signature` is there for `thinking` only. */
  close(signature?: string): void;
};

export type BlockSequence = {
  add(parts: readonly StreamPart[]): void;
  /** The answer is over: gives out all that waits. */
  end(): void;
  facts(): AnswerFacts;
};

type Block = {
  head: BlockHead;
  /** Collected while the block waits for its turn. */
  text: string;
  /** Of a tool call. */
  input?: JsonEnd;
  seal?: ReasoningSeal;
  /** Nothing can be added: its reasoning was sealed. */
  isSealed: boolean;
  /** The sink has got all of it. */
  isDone: boolean;
};

/** What a waiting block takes beside its text. */
const BLOCK_CHARS = 256;

/**
 * Turns the parts of an answer into its content blocks. The dialect knows one open block at a time, while calls of the
 * canonical form may go on after others have begun. So a block is opened as soon as the one before it cannot grow any
 * more: text and thinking when something else has begun, a call when its JSON has closed. Until then what comes waits,
 * and nothing is lost. Answers of real engines never wait: they make one call after the other.
 *
 * Memory: about `waitingMaxChars` wait at most. Beyond that the open call counts as broken and is closed as it is.
 * What comes for a closed call is dropped: behind its closed JSON it could only make it wrong.
 */
export function createBlockSequence(
  sink: BlockSink,
  waitingMaxChars: number = LIMITS.upstreamEventMaxBytes,
): BlockSequence {
  let open: Block | undefined;
  let waiting: Block[] = [];
  let waitingChars = 0;
  const calls = new Map<number, Block>();
  const facts: AnswerFacts = { hasCalls: false, hasRefusal: false, hasCutCall: false };

  function show(block: Block): void {
    open = block;
    sink.open(block.head);
    sink.append(block.text);
    if (block.isSealed) finish();
  }

  function finish(): void {
    if (open === undefined) return;
    open.isDone = true;
    facts.hasCutCall ||= open.input?.state() === 'open';
    sink.close(open.head.type === 'thinking' ? sealText(open.seal, 'messages') : undefined);
    open = undefined;
  }

  /** Shows what waits, as far as the open block allows. */
  function advance(): void {
    while (waiting.length > 0 && (isComplete(open) || waitingChars > waitingMaxChars)) {
      finish();
      const next = waiting.shift();
      if (next === undefined) return;
      waitingChars -= next.text.length + BLOCK_CHARS;
      show(next);
    }
  }

  function begin(fields: Pick<Block, 'head' | 'input' | 'seal' | 'isSealed'>): Block {
    const block: Block = { ...fields, text: '', isDone: false };
    if (open === undefined && waiting.length === 0) {
      show(block);
    } else {
      waiting.push(block);
      waitingChars += BLOCK_CHARS;
    }
    return block;
  }

  function append(block: Block, piece: string): void {
    // Some clients fail on white space where they expect JSON.
    const text = block.input?.state() === 'empty' ? piece.trimStart() : piece;
    block.input?.push(text);
    if (block === open) {
      sink.append(text);
    } else {
      block.text += text;
      waitingChars += text.length;
    }
  }

  const last = () => waiting.at(-1) ?? open;

  function grow(type: 'text' | 'thinking', text: string): void {
    if (text === '') return;
    const block = last();
    const fits = block?.head.type === type && !block.isSealed;
    append(fits ? block : begin({ head: { type }, isSealed: false }), text);
  }

  function seal(value: ReasoningSeal): void {
    const block = last();
    if (value.kind === 'redacted') {
      begin({ head: { type: 'redacted_thinking', data: value.data }, isSealed: true });
    } else if (block?.head.type !== 'thinking' || block.isSealed) {
      begin({ head: { type: 'thinking' }, seal: value, isSealed: true });
    } else {
      block.seal = value;
      block.isSealed = true;
      if (block === open) finish();
    }
  }

  function addOne(part: StreamPart): void {
    switch (part.type) {
      case 'text-delta':
        grow('text', part.text);
        break;
      case 'refusal-delta':
        facts.hasRefusal ||= part.text !== '';
        grow('text', part.text);
        break;
      case 'reasoning-delta':
        grow('thinking', part.text);
        break;
      case 'reasoning-seal':
        seal(part.seal);
        break;
      case 'tool-call-start': {
        facts.hasCalls = true;
        const head: BlockHead = { type: 'tool_use', id: part.id, name: part.name };
        calls.set(part.index, begin({ head, input: createJsonEnd(), isSealed: false }));
        break;
      }
      case 'tool-call-delta': {
        const call = calls.get(part.index);
        if (call?.isDone === false) append(call, part.argumentsText);
        break;
      }
      case 'finish':
        break;
    }
  }

  return {
    add(parts) {
      for (const part of parts) {
        addOne(part);
        if (waiting.length > 0) advance();
      }
    },
    end() {
      finish();
      for (const block of waiting) {
        show(block);
        finish();
      }
      waiting = [];
    },
    facts: () => facts,
  };
}

/** Whether a block cannot grow any more once another has begun behind it. */
function isComplete(block: Block | undefined): boolean {
  return block?.input === undefined || block.input.state() === 'closed';
}
