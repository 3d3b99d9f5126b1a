import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { Needs, Target } from '../routing/target.ts';
import type { Admitted } from './admit.ts';

/** How often one answer may be taken up by another node. */
const CONTINUATIONS_MAX = 2;
/** An answer that is longer already is not kept for another node to go on. */
const TEXT_MAX_CHARS = 1_000_000;

/** What was sent of an answer, kept in memory while it runs, so that another node can go on where a lost one stopped. */
export type ContinuableAnswer = {
  note(parts: readonly StreamPart[]): void;
  /**
   * The node was lost: makes the rest of the answer the request. False: nothing was sent yet, or too much, or more than
   * plain text, or nobody could go on. `sentTokens`: our own count of the text so far.
   */
  goOn(by: Pick<Target, 'digest'>, sentTokens: number): boolean;
  /** Undefined: the first node is still at it. */
  readonly rest: Continuation | undefined;
};

type Continued = Pick<
  Admitted,
  'chat' | 'decoded' | 'continueElsewhere' | 'needs' | 'outputCapTokens' | 'model'
>;

/**
 * Undefined: this answer is never continued. Only what opted in, and only plain text: tool calls, schemas and reasoning
 * cannot be taken up in the middle, and a stop string could lie across the seam.
 */
export function continuableAnswer(admitted: Continued): ContinuableAnswer | undefined {
  const { chat, decoded, continueElsewhere } = admitted;
  const isPlain =
    chat.tools.length === 0 &&
    chat.responseFormat.type === 'text' &&
    chat.stop.length === 0 &&
    (chat.reasoningEffort ?? 'none') === 'none' &&
    chat.messages.at(-1)?.role !== 'assistant' &&
    decoded.nativeOnly === undefined;
  if (!continueElsewhere || !decoded.stream || !isPlain) return undefined;
  const sent = createSentText();
  let count = 0;
  let rest: Continuation | undefined;
  return {
    note: sent.note,
    goOn(by, sentTokens) {
      const text = sent.text();
      if (text === undefined || count >= CONTINUATIONS_MAX) return false;
      const next = continuationOf(admitted, { text, tokens: sentTokens, by });
      if (next === undefined) return false;
      rest = next;
      count += 1;
      return true;
    },
    get rest() {
      return rest;
    },
  };
}

type SentText = {
  note(parts: readonly StreamPart[]): void;
  /** Undefined: nothing yet, too much, or more than plain text, which nobody can go on with. */
  text(): string | undefined;
};

function createSentText(): SentText {
  let pieces: string[] = [];
  let chars = 0;
  let isLost = false;
  return {
    note(parts) {
      for (const part of parts) {
        if (part.type === 'finish' || isLost) continue;
        if (part.type === 'text-delta') {
          pieces.push(part.text);
          chars += part.text.length;
          isLost = chars > TEXT_MAX_CHARS;
        } else {
          isLost = true;
        }
      }
      if (isLost) pieces = [];
    },
    text: () => (isLost || chars === 0 ? undefined : pieces.join('')),
  };
}

/** What another node is asked, and what it must be able to do. */
export type Continuation = { chat: ChatRequest; needs: Needs };

/**
 * The rest of an answer as a request of its own: the text so far is the beginning of the assistant's turn. Only a node
 * with the same weights may go on. Undefined: there is no room left, or nobody knows the weights of the lost node.
 * @param sentTokens our own count of the text so far
 */
function continuationOf(
  admitted: Pick<Admitted, 'chat' | 'needs' | 'outputCapTokens' | 'model'>,
  sent: { text: string; tokens: number; by: Pick<Target, 'digest'> },
): Continuation | undefined {
  const left = admitted.outputCapTokens - sent.tokens;
  const { digest } = sent.by;
  if (left < 1 || digest === undefined) return undefined;
  const { chat, needs, model } = admitted;
  return {
    chat: {
      ...chat,
      messages: [...chat.messages, { role: 'assistant', content: [{ type: 'text', text: sent.text }] }],
      maxOutputTokens: left,
      continuesLast: true,
    },
    needs: {
      ...needs,
      contextTokens: Math.min(needs.contextTokens + sent.tokens, model.contextTokens),
      continues: { digest },
    },
  };
}
