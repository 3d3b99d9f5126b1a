import type { TextSurface } from '../../core/surface.ts';
import { decodeMessagesBody } from './decode.ts';
import { messagesFaultBody } from './fault-body.ts';

/** POST /v1/messages. */
export const messagesSurface: TextSurface = {
  dialect: 'messages',
  fields: { messages: 'messages', tools: 'tools', responseFormat: 'output_config.format' },
  decode: decodeMessagesBody,
  renderFault: messagesFaultBody,
};
