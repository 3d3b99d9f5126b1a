import { openAiFaultBody } from '../../core/fault-body.ts';
import type { TextSurface } from '../../core/surface.ts';
import { decodeChatCompletions } from './decode.ts';

/** POST /v1/chat/completions. */
export const chatCompletionsSurface: TextSurface = {
  dialect: 'chat-completions',
  fields: { messages: 'messages', tools: 'tools', responseFormat: 'response_format' },
  decode: decodeChatCompletions,
  renderFault: (value) => openAiFaultBody(value),
};
