import { createHash } from 'node:crypto';
import type { AssistantPart, ChatMessage, UserPart } from '@switchyard/protocol/chat.ts';

export type Json = Record<string, unknown>;

/** What leading system messages become, and the items behind them. */
export type EncodedInput = { instructions: string | undefined; items: Json[] };

/**
 * Writes messages as input items. Leading system messages become `instructions`, later ones stay where they are; a
 * request of nothing else keeps them all as items, since the API wants some input.
 * Reasoning goes back only with OpenAI's own seal: without one, or with another provider's, it would be refused. Losses:
 * `isError` of a tool's result becomes a word before its text.
 */
export function encodeInput(messages: readonly ChatMessage[], dropSealedReasoning: boolean): EncodedInput {
  const leading = Math.max(
    0,
    messages.findIndex((message) => message.role !== 'system'),
  );
  const instructions = messages.slice(0, leading).map(systemText).join('\n\n');
  return {
    instructions: leading === 0 ? undefined : instructions,
    items: messages.slice(leading).flatMap((message) => encodeMessage(message, dropSealedReasoning)),
  };
}

function systemText(message: ChatMessage): string {
  return message.role === 'system' ? message.content.map((part) => part.text).join('\n') : '';
}

function encodeMessage(message: ChatMessage, dropSealedReasoning: boolean): Json[] {
  switch (message.role) {
    case 'system':
      return [inputMessage('system', message.content)];
    case 'user':
      return [inputMessage('user', message.content)];
    case 'assistant':
      return encodeAssistant(message.content, dropSealedReasoning);
    case 'tool':
      return [encodeToolResult(message)];
  }
}

function inputMessage(role: 'system' | 'user', parts: readonly UserPart[]): Json {
  return { type: 'message', role, content: parts.length === 0 ? '' : parts.map(encodeUserPart) };
}

function encodeUserPart(part: UserPart): Json {
  if (part.type === 'text') return { type: 'input_text', text: part.text };
  const detail = part.detail === undefined ? {} : { detail: part.detail };
  return { type: 'input_image', image_url: `data:${part.mime};base64,${part.base64}`, ...detail };
}

/** Texts and refusals that follow one another are one message; reasoning and calls are items of their own. */
function encodeAssistant(parts: readonly AssistantPart[], dropSealedReasoning: boolean): Json[] {
  const items: Json[] = [];
  let content: Json[] = [];
  const endMessage = () => {
    if (content.length > 0) items.push({ type: 'message', role: 'assistant', content });
    content = [];
  };
  for (const part of parts) {
    switch (part.type) {
      case 'text':
        content.push({ type: 'output_text', text: part.text });
        break;
      case 'refusal':
        content.push({ type: 'refusal', refusal: part.text });
        break;
      case 'tool-call':
        endMessage();
        items.push({
          type: 'function_call',
          call_id: callId(part.id),
          name: part.name,
          arguments: part.argumentsText,
        });
        break;
      case 'reasoning':
        if (part.seal?.kind !== 'encrypted' || dropSealedReasoning) break;
        endMessage();
        items.push({
          type: 'reasoning',
          summary: part.text === '' ? [] : [{ type: 'summary_text', text: part.text }],
          encrypted_content: part.seal.data,
        });
        break;
    }
  }
  endMessage();
  return items;
}

/** A text alone is written as a string, which every server of this dialect takes. */
function encodeToolResult(message: Extract<ChatMessage, { role: 'tool' }>): Json {
  const { content, isError } = message;
  const mark = isError === true ? 'Error: ' : '';
  const marked: UserPart[] = mark === '' ? content : [{ type: 'text', text: mark }, ...content];
  const output = content.every((part) => part.type === 'text')
    ? mark + content.map((part) => part.text).join('\n')
    : marked.map(encodeUserPart);
  return { type: 'function_call_output', call_id: callId(message.callId), output };
}

const CALL_ID_MAX_CHARS = 64;

/** The API refuses longer ids than this. Calls and their results are shortened alike, so they still belong together. */
function callId(id: string): string {
  if (id.length <= CALL_ID_MAX_CHARS) return id;
  return `call_${createHash('sha256')
    .update(id)
    .digest('hex')
    .slice(0, CALL_ID_MAX_CHARS - 5)}`;
}
