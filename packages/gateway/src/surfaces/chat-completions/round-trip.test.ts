import type { AssistantPart, ChatMessage, ChatRequest, UserPart } from '@switchyard/protocol/chat.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chatRequests } from '../../testing/chat-arbitraries.ts';
import { encodeBody } from '../../upstreams/openai-compatible/encode.ts';
import { NO_ADAPTATION } from '../../upstreams/shared/refused-settings.ts';
import { decodeChatCompletions } from './decode.ts';

/**
 * What this dialect has no words for, as the documentation of its upstream says: a system message is one text; an
 * answer is one text, one refusal and its calls, without reasoning; a result of a tool is one text, a failed one says
 * so in it, and its pictures follow in a message of the user.
 */
function asSaidHere(chat: ChatRequest): ChatRequest {
  const messages: ChatMessage[] = [];
  let pictures: UserPart[] = [];
  const flush = () => {
    if (pictures.length > 0) messages.push({ role: 'user', content: pictures });
    pictures = [];
  };
  for (const message of chat.messages) {
    if (message.role !== 'tool') flush();
    switch (message.role) {
      case 'system':
        messages.push({ role: 'system', content: [{ type: 'text', text: joined(message.content, '\n') }] });
        break;
      case 'user':
        messages.push(message);
        break;
      case 'assistant':
        messages.push({ role: 'assistant', content: answerAsSaidHere(message.content) });
        break;
      case 'tool': {
        const text = `${message.isError === true ? 'Error: ' : ''}${joined(message.content, '\n')}`;
        messages.push({ role: 'tool', callId: message.callId, content: texts(text) });
        pictures.push(...message.content.filter((part) => part.type === 'image'));
      }
    }
  }
  flush();
  return { ...chat, messages };
}

function answerAsSaidHere(parts: readonly AssistantPart[]): AssistantPart[] {
  const of = (type: AssistantPart['type']) => parts.filter((part) => part.type === type);
  const refusal = joined(of('refusal'), '');
  return [
    ...texts(joined(of('text'), '')),
    ...(refusal === '' ? [] : [{ type: 'refusal' as const, text: refusal }]),
    ...of('tool-call'),
  ];
}

function joined(parts: readonly (AssistantPart | UserPart)[], between: string): string {
  return parts.flatMap((part) => ('text' in part ? [part.text] : [])).join(between);
}

function texts(text: string): { type: 'text'; text: string }[] {
  return text === '' ? [] : [{ type: 'text', text }];
}

test('a canonical request is read as it was, from what the upstream of this dialect writes', () => {
  fc.assert(
    fc.property(chatRequests, fc.boolean(), (chat, stream) => {
      const body = encodeBody(chat, {
        model: 'some-model',
        stream,
        maxTokensField: 'max_completion_tokens',
        fields: new Set(['top_k', 'min_p']),
        keepsAnswers: true,
        adaptation: NO_ADAPTATION,
      });
      const decoded = decodeChatCompletions(body);
      if (!decoded.ok) throw new Error(`refused: ${JSON.stringify(decoded.error)}`);
      expect(decoded.value).toMatchObject({ model: 'some-model', stream });
      expect(decoded.value.chat).toEqual(asSaidHere(chat));
    }),
    { numRuns: 500 },
  );
});
