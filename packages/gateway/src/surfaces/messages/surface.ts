import type { TextSurface, TokenCountSurface } from '../../core/surface.ts';
import { decodeCountBody, decodeMessagesBody } from './decode.ts';
import { messagesFaultBody } from './fault-body.ts';

/** POST /v1/messages. */
export const messagesSurface: TextSurface = {
  dialect: 'messages',
  fields: { messages: 'messages', tools: 'tools', responseFormat: 'output_config.format' },
  decode: decodeMessagesBody,
  renderFault: messagesFaultBody,
};

/** POST /v1/messages/count_tokens. */
export const messagesCountSurface: TokenCountSurface = {
  ...messagesSurface,
  decode: decodeCountBody,
  renderCount: (inputTokens) => JSON.stringify({ input_tokens: inputTokens }),
};
