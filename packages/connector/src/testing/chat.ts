import type { ChatRequest } from '@switchyard/protocol/chat.ts';

/** A request with nothing in it, for tests to add to. */
export function emptyChat(): ChatRequest {
  return {
    messages: [],
    tools: [],
    toolChoice: 'auto',
    parallelToolCalls: true,
    responseFormat: { type: 'text' },
    sampling: {},
    stop: [],
  };
}

/** A request with one line of a user. */
export function chatOf(text: string): ChatRequest {
  return { ...emptyChat(), messages: [{ role: 'user', content: [{ type: 'text', text }] }] };
}
