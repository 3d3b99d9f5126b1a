import type {
  AssistantPart,
  ChatMessage,
  ChatRequest,
  TextPart,
  ToolDefinition,
  UserPart,
} from '@switchyard/protocol/chat.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chatRequests } from '../../testing/chat-arbitraries.ts';
import { encodeBody } from '../../upstreams/openai-responses/encode.ts';
import { NO_ADAPTATION } from '../../upstreams/shared/refused-settings.ts';
import { decodeResponses } from './decode.ts';

/**
 * What this dialect has no words for, as the documentation of its upstream says: stop strings and the sampler's settings
 * but for two; reasoning that OpenAI did not seal. Leading system messages are one text, a result of a tool that is all
 * text is one text, and a failed one says so in it. A tool always has parameters and a word on strictness.
 */
function asSaidHere(chat: ChatRequest): ChatRequest {
  const { temperature, topP } = chat.sampling;
  const leading = chat.messages.findIndex(({ role }) => role !== 'system');
  const instructions = chat.messages.slice(0, leading).map((message) => textOf(message.content, '\n'));
  return {
    ...chat,
    messages: [
      ...(leading === 0 ? [] : [{ role: 'system' as const, content: [text(instructions.join('\n\n'))] }]),
      ...chat.messages.slice(leading).flatMap(messageAsSaidHere),
    ],
    tools: chat.tools.map(toolAsSaidHere),
    sampling: {
      ...(temperature === undefined ? {} : { temperature }),
      ...(topP === undefined ? {} : { topP }),
    },
    stop: [],
  };
}

function messageAsSaidHere(message: ChatMessage): ChatMessage[] {
  switch (message.role) {
    case 'system':
    case 'user':
      return [message];
    case 'assistant': {
      const content = message.content.filter(
        (part) => part.type !== 'reasoning' || part.seal?.kind === 'encrypted',
      );
      return content.length === 0 ? [] : [{ role: 'assistant', content }];
    }
    case 'tool': {
      const { callId, content, isError } = message;
      const hasPictures = content.some((part) => part.type === 'image');
      const mark = isError === true ? 'Error: ' : '';
      const marked: UserPart[] = mark === '' ? content : [text(mark), ...content];
      const merged = hasPictures ? marked : [text(mark + textOf(content, '\n'))];
      return [{ role: 'tool', callId, content: merged }];
    }
  }
}

function toolAsSaidHere(tool: ToolDefinition): ToolDefinition {
  return { parameters: { type: 'object', properties: {} }, strict: false, ...tool };
}

function textOf(parts: readonly (AssistantPart | UserPart)[], between: string): string {
  return parts.flatMap((part) => ('text' in part ? [part.text] : [])).join(between);
}

function text(value: string): TextPart {
  return { type: 'text', text: value };
}

test('a canonical request is read as it was, from what the upstream of this dialect writes', () => {
  fc.assert(
    fc.property(chatRequests, fc.boolean(), (chat, stream) => {
      const body = encodeBody(chat, {
        model: 'some-model',
        stream,
        hasPlaceForReasoning: true,
        adaptation: NO_ADAPTATION,
      });
      const decoded = decodeResponses(body);
      if (!decoded.ok) throw new Error(`refused: ${JSON.stringify(decoded.error)}`);
      expect(decoded.value).toMatchObject({ model: 'some-model', stream });
      expect(decoded.value.nativeOnly).toBeUndefined();
      expect(decoded.value.chat).toEqual(asSaidHere(chat));
    }),
    { numRuns: 500 },
  );
});
