import type { ApiError } from './api-error.ts';
import { invalid } from './api-error.ts';
import { isOurSignature } from './signature.ts';

export type FakeBlock = Record<string, unknown> & { type: string };
export type FakeMessage = { role: string; content: FakeBlock[] };

const ID = /^[a-zA-Z0-9_-]+$/;
const MAGIC: Readonly<Record<string, string>> = {
  'image/png': '89504e47',
  'image/jpeg': 'ffd8ff',
  'image/gif': '47494638',
  'image/webp': '52494646',
};
/** Blocks that the fake takes without a look inside. */
const UNCHECKED = new Set(['document', 'search_result', 'server_tool_use', 'web_search_tool_result']);

/** Content is made a list of blocks, and turns of one role that follow each other one turn, as the API does it. */
export function normalMessages(messages: unknown): FakeMessage[] | ApiError {
  if (!Array.isArray(messages) || messages.length === 0)
    return invalid('messages: at least one message is required');
  const turns: FakeMessage[] = [];
  for (const [index, message] of (messages as Record<string, unknown>[]).entries()) {
    const { role, content } = message;
    if (role !== 'user' && role !== 'assistant' && role !== 'system')
      return invalid(`messages.${index}.role: Input should be 'user' or 'assistant'`);
    const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
    if (!Array.isArray(blocks) || blocks.length === 0)
      return invalid(`messages.${index}: all messages must have non-empty content`);
    if (turns.at(-1)?.role === role) turns.at(-1)?.content.push(...(blocks as FakeBlock[]));
    else turns.push({ role, content: [...(blocks as FakeBlock[])] });
  }
  return turns;
}

export function checkMessages(turns: readonly FakeMessage[]): ApiError | undefined {
  if (turns[0]?.role !== 'user') return invalid('messages: first message must use the "user" role');
  const ids = new Set<string>();
  for (const [index, turn] of turns.entries()) {
    for (const [at, block] of turn.content.entries()) {
      const error = checkBlock(block, `messages.${index}.content.${at}`, turn.role);
      if (error !== undefined) return error;
      if (block.type !== 'tool_use') continue;
      if (ids.has(String(block['id']))) return invalid('messages: `tool_use` ids must be unique');
      ids.add(String(block['id']));
    }
    const error = checkPairs(turn, turns[index + 1], turns[index - 1], index);
    if (error !== undefined) return error;
  }
  return undefined;
}

function checkBlock(block: FakeBlock, path: string, role: string): ApiError | undefined {
  switch (block.type) {
    case 'text':
      return checkText(block, path);
    case 'image':
      return checkImage(block, path);
    case 'tool_use':
      if (role !== 'assistant')
        return invalid(`${path}: \`tool_use\` blocks can only be in assistant messages`);
      if (!ID.test(String(block['id'])))
        return invalid(`${path}.tool_use.id: String should match pattern '${ID.source}'`);
      return typeof block['input'] === 'object' && block['input'] !== null && !Array.isArray(block['input'])
        ? undefined
        : invalid(`${path}.tool_use.input: Input should be a valid dictionary`);
    case 'tool_result':
      return checkResult(block, path, role);
    case 'thinking':
      return isOurSignature(block['signature'], block['thinking'])
        ? undefined
        : invalid(`${path}: Invalid \`signature\` in \`thinking\` block`);
    case 'redacted_thinking':
      return isOurSignature(block['data'], undefined)
        ? undefined
        : invalid(`${path}: Invalid \`data\` in \`redacted_thinking\` block`);
    default:
      return UNCHECKED.has(block.type)
        ? undefined
        : invalid(
            `${path}: Input tag '${block.type}' found using 'type' does not match any of the expected tags`,
          );
  }
}

function checkText({ text }: FakeBlock, path: string): ApiError | undefined {
  if (typeof text !== 'string') return invalid(`${path}.text.text: Field required`);
  if (text === '') return invalid('messages: text content blocks must be non-empty');
  return text.trim() === ''
    ? invalid('messages: text content blocks must contain non-whitespace text')
    : undefined;
}

function checkImage(block: FakeBlock, path: string): ApiError | undefined {
  const source = block['source'] as Record<string, unknown> | undefined;
  if (source?.['type'] !== 'base64') return undefined;
  const magic = MAGIC[String(source['media_type'])];
  if (magic === undefined)
    return invalid(`${path}.image.source.base64.media_type: Input should be a known type`);
  const head = Buffer.from(String(source['data']), 'base64').subarray(0, 4).toString('hex');
  return head.startsWith(magic)
    ? undefined
    : invalid(`${path}.image.source.base64: The image was specified using another media type`);
}

function checkResult(block: FakeBlock, path: string, role: string): ApiError | undefined {
  if (role !== 'user') return invalid(`${path}: \`tool_result\` blocks can only be in user messages`);
  const { content } = block;
  const isEmpty = content === undefined || content === '' || (Array.isArray(content) && content.length === 0);
  if (block['is_error'] === true && isEmpty)
    return invalid(`${path}.tool_result: content cannot be empty if \`is_error\` is true`);
  if (!Array.isArray(content)) return undefined;
  for (const [at, part] of (content as FakeBlock[]).entries()) {
    const error = checkBlock(part, `${path}.tool_result.content.${at}`, 'user');
    if (error !== undefined) return error;
  }
  return undefined;
}

/** Calls and results belong together, and results stand first in their turn. */
function checkPairs(
  turn: FakeMessage,
  next: FakeMessage | undefined,
  before: FakeMessage | undefined,
  index: number,
): ApiError | undefined {
  const calls = turn.content.filter((block) => block.type === 'tool_use').map((block) => block['id']);
  const results = (next?.content ?? []).filter((block) => block.type === 'tool_result');
  const answered = new Set(results.map((block) => block['tool_use_id']));
  const open = calls.filter((id) => !answered.has(id));
  if (open.length > 0)
    return invalid(
      `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(', ')}`,
    );
  const own = turn.content.filter((block) => block.type === 'tool_result');
  const asked = new Set(
    (before?.content ?? []).filter((block) => block.type === 'tool_use').map((block) => block['id']),
  );
  if (own.some((block) => !asked.has(block['tool_use_id'])))
    return invalid(`messages.${index}: unexpected \`tool_use_id\` found in \`tool_result\` blocks`);
  if (new Set(own.map((block) => block['tool_use_id'])).size < own.length)
    return invalid(`messages.${index}: each tool_use must have a single result`);
  const firstOther = turn.content.findIndex((block) => block.type !== 'tool_result');
  const lastResult = turn.content.findLastIndex((block) => block.type === 'tool_result');
  return own.length > 0 && firstOther !== -1 && firstOther < lastResult
    ? invalid(`messages.${index}: \`tool_result\` blocks must come first`)
    : undefined;
}
