import type { TextSurface } from '../../core/surface.ts';
import { decodeChatCompletions } from './decode.ts';
import { openCompletionStream } from './encode-stream.ts';
import { openCompletion } from './encode.ts';
import { renderOpenAiFault } from './errors.ts';

/** POST /v1/chat/completions. */
export const chatCompletionsSurface: TextSurface = {
  dialect: 'chat-completions',
  decode: decodeChatCompletions,
  openReply: (options) => (options.stream ? openCompletionStream(options) : openCompletion(options)),
  renderFault: (value) => renderOpenAiFault(value),
};
