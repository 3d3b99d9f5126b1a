import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { AttemptRequest } from '../core/attempt.ts';
import type { Admitted } from './admit.ts';

const NO_BYTES = Buffer.alloc(0);

/**
 * Lets go of the prompt of a request that is past its last try. An answer takes minutes, an agent's prompt has 50 KB and more,
 * and it is there as the client's bytes and as canonical messages. What ends a reply (its stop strings) stays.
 *
 * `asked`: the try that answers. Its target has written its own request by now, and reads nothing of the prompt again.
 */
export function forgetPrompt(admitted: Admitted, asked: AttemptRequest): void {
  const chat: ChatRequest = { ...admitted.chat, messages: [], tools: [] };
  admitted.chat = chat;
  admitted.decoded.chat = chat;
  admitted.exchange.body = NO_BYTES;
  asked.chat = chat;
  asked.original.body = NO_BYTES;
}
