import type { FieldSource } from '../../core/json-fields.ts';
import { fieldPath, isAbsent, readArray, refuse } from '../../core/json-fields.ts';
import { isJsonObject } from '../../core/json-body.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Reading } from './reading.ts';
import { noteNative } from './reading.ts';

/**
 * The blocks of a `content`: an array of them, or a string that is one text block. Nothing and null have none. Each
 * comes with its path; the decoders look at its `type`.
 */
export function contentBlocks(holder: FieldSource, key = 'content'): FieldSource[] {
  const { refusals } = holder;
  const value = holder.object[key];
  const path = fieldPath(holder, key);
  if (isAbsent(value)) return [];
  if (typeof value === 'string') return [{ object: { type: 'text', text: value }, path, refusals }];
  if (!Array.isArray(value)) {
    refuse(refusals, path, 'must be a string or an array of blocks.');
    return [];
  }
  const blocks: FieldSource[] = [];
  for (const [index, entry] of (readArray(holder, key, LIMITS.partsPerMessageMax) ?? []).entries()) {
    if (isJsonObject(entry)) blocks.push({ object: entry, path: `${path}[${index}]`, refusals });
    else refuse(refusals, `${path}[${index}]`, 'must be an object.');
  }
  return blocks;
}

/** The text of a text block; '' after a refusal. Empty texts mean nothing, and some targets refuse them. */
export function blockText(block: FieldSource): string {
  const text = block.object['text'];
  if (typeof text === 'string') return text;
  refuse(block.refusals, `${block.path}.text`, 'must be a string.');
  return '';
}

/** Blocks with a canonical form, each in the roles where it belongs. */
const PORTABLE: ReadonlySet<unknown> = new Set([
  'document',
  'image',
  'redacted_thinking',
  'search_result',
  'text',
  'thinking',
  'tool_addition',
  'tool_reference',
  'tool_removal',
  'tool_result',
  'tool_use',
]);

/** Blocks without one. Only these are named in a message: what stands in none of both lists are a client's own words. */
const NATIVE: ReadonlySet<unknown> = new Set([
  'bash_code_execution_tool_result',
  'browser_state',
  'code_execution_tool_result',
  'compaction',
  'container_upload',
  'mcp_tool_listing',
  'mcp_tool_result',
  'mcp_tool_use',
  'server_tool_use',
  'text_editor_code_execution_tool_result',
  'tool_search_tool_result',
  'web_fetch_tool_result',
  'web_search_tool_result',
]);

/** For every block that a decoder does not know: content of a user is never dropped without a word. */
export function unknownBlock(block: FieldSource, reading: Reading): undefined {
  const type = block.object['type'];
  const path = `${block.path}.type`;
  if (typeof type !== 'string') return refuse(block.refusals, path, 'must be a string.');
  if (PORTABLE.has(type)) {
    return refuse(block.refusals, path, `"${type}" does not belong into content of this place.`);
  }
  return noteNative(reading, path, NATIVE.has(type) ? `A block of type "${type}"` : 'A block of this type');
}
