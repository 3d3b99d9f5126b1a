import type { ReasoningSeal } from './chat.ts';
import type { Usage } from './usage.ts';

/**
 * The typed parts of an answer in the order they are generated. One list serves streaming and not:
 * surfaces encode it, the meter counts it, nodes and upstreams are decoded to it.
 *
 * A tool call is one `tool-call-start` and any number of `tool-call-delta` with the same `index`;
 * indexes count up from 0 without gaps. `finish` comes once and last. A failed answer has no `finish`.
 * A `reasoning-seal` ends the reasoning before it: reasoning after it is another block. Nodes never send one.
 */
export type StreamPart =
  | { type: 'text-delta'; text: string }
  | { type: 'reasoning-delta'; text: string }
  | { type: 'reasoning-seal'; seal: ReasoningSeal }
  | { type: 'refusal-delta'; text: string }
  | { type: 'tool-call-start'; index: number; id: string; name: string }
  | { type: 'tool-call-delta'; index: number; argumentsText: string }
  | FinishPart;

/** `usage` is absent when the engine reported none; `stopSequence` is there when it said which one ended the answer. */
export type FinishPart = { type: 'finish'; reason: FinishReason; stopSequence?: string; usage?: Usage };

export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'content-filter';

/**
 * Parts that carry something a client would miss: the first of these commits a request to its target. An empty delta
 * carries nothing.
 */
export function isContentPart(part: StreamPart): boolean {
  switch (part.type) {
    case 'text-delta':
    case 'reasoning-delta':
    case 'refusal-delta':
      return part.text !== '';
    case 'tool-call-start':
      return true;
    case 'tool-call-delta':
      return part.argumentsText !== '';
    case 'reasoning-seal':
    case 'finish':
      return false;
  }
}
