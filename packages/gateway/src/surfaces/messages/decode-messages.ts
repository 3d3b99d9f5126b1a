import type { ChatMessage, TextPart, UserPart } from '@switchyard/protocol/chat.ts';
import { isJsonObject } from '../../core/json-body.ts';
import type { FieldSource } from '../../core/json-fields.ts';
import { readArray, readBoolean, refuse, requireName } from '../../core/json-fields.ts';
import { LIMITS } from '../../core/limits.ts';
import { blockText, contentBlocks, unknownBlock } from './content-blocks.ts';
import { decodeAssistant } from './decode-assistant.ts';
import { decodeToolChange } from './decode-tools.ts';
import { decodeUserBlock } from './decode-user-blocks.ts';
import type { Reading } from './reading.ts';

/**
 * Reads `system` and `messages`. Roles are `user`, `assistant` and, in the array too, `system` (Claude Code sends one
 * as the second message of each conversation). Results of tools stand in user messages here and are messages of their
 * own in the canonical form; they come before the rest of their message, as every dialect wants them.
 */
export function decodeMessages(body: FieldSource, reading: Reading): ChatMessage[] {
  const messages: ChatMessage[] = decodeSystem(body, reading);
  const entries = readArray(body, 'messages', LIMITS.messagesMax);
  if (entries === undefined || entries.length === 0) {
    refuse(body.refusals, 'messages', 'must be an array of at least one message.');
    return messages;
  }
  const lastUser = entries.findLastIndex((entry) => isJsonObject(entry) && entry['role'] === 'user');
  for (const [index, entry] of entries.entries()) {
    const path = `messages[${index}]`;
    if (!isJsonObject(entry)) {
      refuse(body.refusals, path, 'must be an object.');
      break;
    }
    const source: FieldSource = { object: entry, path, refusals: body.refusals };
    messages.push(...decodeMessage(source, reading, index < lastUser));
    if (body.refusals.first !== undefined) break;
  }
  return messages;
}

/** `isBeforeUser`: a message of the user comes later. */
function decodeMessage(message: FieldSource, reading: Reading, isBeforeUser: boolean): ChatMessage[] {
  switch (message.object['role']) {
    case 'user':
      return decodeUser(message, reading);
    case 'assistant':
      return [{ role: 'assistant', content: decodeAssistant(message, reading) }];
    case 'system': {
      const content = decodeSystemBlocks(contentBlocks(message), reading);
      // A message for one turn only is kept in the array by clients, but is not shown to the model any more.
      const isOver = isBeforeUser && message.object['clear_at'] === 'next_user_message';
      return content.length === 0 || isOver ? [] : [{ role: 'system', content }];
    }
    default:
      refuse(message.refusals, `${message.path}.role`, 'must be user, assistant or system.');
      return [];
  }
}

function decodeUser(message: FieldSource, reading: Reading): ChatMessage[] {
  const results: ChatMessage[] = [];
  const content: UserPart[] = [];
  for (const block of contentBlocks(message)) {
    if (block.object['type'] !== 'tool_result') {
      content.push(...decodeUserBlock(block, reading));
      continue;
    }
    const result = decodeToolResult(block, reading);
    if (result !== undefined) results.push(result);
  }
  if (results.length > 0 && content.length === 0) return results;
  return [...results, { role: 'user', content }];
}

function decodeToolResult(block: FieldSource, reading: Reading): ChatMessage | undefined {
  const callId = requireName(block, 'tool_use_id', LIMITS.nameMaxChars);
  const isError = readBoolean(block, 'is_error');
  const content = contentBlocks(block).flatMap((inner) => decodeUserBlock(inner, reading));
  if (callId === undefined) return undefined;
  return { role: 'tool', callId, content, ...(isError === true ? { isError } : {}) };
}

/** Claude Code tells its version and a checksum in the first line. It changes with each request and tells who asks. */
const BILLING_LINE = /^x-anthropic-billing-header:[^\n]*\n?/;

function decodeSystem(body: FieldSource, reading: Reading): ChatMessage[] {
  const [first, ...rest] = decodeSystemBlocks(contentBlocks(body, 'system'), reading);
  if (first === undefined) return [];
  const text = first.text.replace(BILLING_LINE, '');
  const content: TextPart[] = text === '' ? rest : [{ type: 'text', text }, ...rest];
  return content.length === 0 ? [] : [{ role: 'system', content }];
}

function decodeSystemBlocks(blocks: readonly FieldSource[], reading: Reading): TextPart[] {
  const parts: TextPart[] = [];
  for (const block of blocks) {
    switch (block.object['type']) {
      case 'text': {
        const text = blockText(block);
        if (text !== '') parts.push({ type: 'text', text });
        break;
      }
      case 'tool_addition':
      case 'tool_removal':
        decodeToolChange(block, reading);
        break;
      default:
        unknownBlock(block, reading);
    }
  }
  return parts;
}
