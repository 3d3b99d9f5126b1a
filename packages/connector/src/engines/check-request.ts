import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { EngineFault, EngineModel } from '../engine.ts';

/**
 * Says why a model cannot serve a request, before any work is done.
 * The gateway asks only for what was advertised; this is for capabilities that changed in between.
 * Gives `unsupported` or `invalid_request`.
 */
export function findRequestProblem(
  chat: ChatRequest,
  capabilities: EngineModel['capabilities'],
): EngineFault | undefined {
  const hasImage = chat.messages.some((message) => message.content.some((part) => part.type === 'image'));
  if (hasImage && !capabilities.vision) {
    return { code: 'unsupported', message: 'This model takes no pictures.' };
  }
  if (chat.tools.length > 0 && !capabilities.tools) {
    return { code: 'unsupported', message: 'This model takes no tools.' };
  }
  if (chat.responseFormat.type === 'json-schema' && !capabilities.jsonSchema) {
    return { code: 'unsupported', message: 'This model cannot be held to a JSON schema.' };
  }
  const { toolChoice } = chat;
  if (typeof toolChoice !== 'string' && !chat.tools.some((tool) => tool.name === toolChoice.name)) {
    return { code: 'invalid_request', message: 'tool_choice names a tool that is not in tools.' };
  }
  return undefined;
}
