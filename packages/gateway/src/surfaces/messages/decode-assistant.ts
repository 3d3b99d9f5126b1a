import type { AssistantPart, ReasoningPart, ToolCallPart } from '@switchyard/protocol/chat.ts';
import { isJsonObject } from '../../core/json-body.ts';
import type { FieldSource } from '../../core/json-fields.ts';
import { isAbsent, refuse, requireName } from '../../core/json-fields.ts';
import { LIMITS } from '../../core/limits.ts';
import { readSealText } from '../../core/reasoning-seal.ts';
import { blockText, contentBlocks, unknownBlock } from './content-blocks.ts';
import { hasWideNumber } from './raw-json.ts';
import type { Reading } from './reading.ts';

/** Reads the content of an assistant's turn. The order of its blocks stays. */
export function decodeAssistant(message: FieldSource, reading: Reading): AssistantPart[] {
  const parts: AssistantPart[] = [];
  for (const block of contentBlocks(message)) {
    const part = decodeAssistantBlock(block, reading);
    if (part !== undefined) parts.push(part);
  }
  return parts;
}

function decodeAssistantBlock(block: FieldSource, reading: Reading): AssistantPart | undefined {
  switch (block.object['type']) {
    case 'text': {
      const text = blockText(block);
      return text === '' ? undefined : { type: 'text', text };
    }
    case 'thinking':
      return decodeThinking(block);
    case 'redacted_thinking':
      return decodeRedacted(block);
    case 'tool_use':
      return decodeToolUse(block, reading);
    case 'fallback':
      // Marks that a provider went on with another of its models: nothing of it is content.
      return undefined;
    default:
      return unknownBlock(block, reading);
  }
}

/** A signature is never made up and never changed; one of ours only says whose reasoning it is, if anyone's. */
function decodeThinking(block: FieldSource): ReasoningPart | undefined {
  const { thinking, signature } = block.object;
  if (typeof thinking !== 'string') {
    return refuse(block.refusals, `${block.path}.thinking`, 'must be a string.');
  }
  if (!isAbsent(signature) && typeof signature !== 'string') {
    return refuse(block.refusals, `${block.path}.signature`, 'must be a string.');
  }
  const seal = readSealText(signature ?? '', 'signature');
  if (thinking === '' && seal === undefined) return undefined;
  return { type: 'reasoning', text: thinking, ...(seal === undefined ? {} : { seal }) };
}

function decodeRedacted(block: FieldSource): ReasoningPart | undefined {
  const { data } = block.object;
  if (typeof data !== 'string') return refuse(block.refusals, `${block.path}.data`, 'must be a string.');
  const seal = readSealText(data, 'redacted');
  return seal && { type: 'reasoning', text: '', seal };
}

/** The input is written anew, except where that would change a number: ids of 64 bits are wider than a double. */
function decodeToolUse(block: FieldSource, reading: Reading): ToolCallPart | undefined {
  const id = requireName(block, 'id', LIMITS.nameMaxChars);
  const name = requireName(block, 'name', LIMITS.nameMaxChars);
  const { input } = block.object;
  const path = `${block.path}.input`;
  if (!isAbsent(input) && !isJsonObject(input)) return refuse(block.refusals, path, 'must be an object.');
  if (id === undefined || name === undefined) return undefined;
  const raw = hasWideNumber(input) ? reading.rawJson(path) : undefined;
  return { type: 'tool-call', id, name, argumentsText: raw ?? JSON.stringify(input ?? {}) };
}
