import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject } from '../../core/json-body.ts';
import { LIMITS } from '../../core/limits.ts';
import type { ToolNames } from './tool-names.ts';

/**
 * Turns the blocks of an answer into parts, whether they come in deltas or whole. Every method gives undefined for what
 * cannot be understood: a block that was never opened, or opened twice, or a call without id or name.
 */
export type BlockReader = {
  start(index: unknown, block: unknown): StreamPart[] | undefined;
  delta(index: unknown, delta: unknown): StreamPart[] | undefined;
  stop(index: unknown): StreamPart[] | undefined;
  /** What blocks that were never stopped still hold. */
  end(): StreamPart[];
  /** The place of an open or just stopped block among all, counted from 0 without gaps. */
  position(index: unknown): number | undefined;
  /** Calls that the client shall run. */
  calls(): number;
};

export type BlockReaderOptions = {
  names: Pick<ToolNames, 'toClient'>;
  /**
   * Whether what only clients of the dialect get is parts, too: calls of tools that run at the provider, and summaries
   * of the conversation. Parts only feed the meter then, for which an answer of nothing else would be an empty one.
   */
  countNative: boolean;
};

type Block = {
  position: number;
  /** Of a call. */
  callIndex: number | undefined;
  /** A call's input as the block began with it, for services that send it whole. */
  input: unknown;
  hasInput: boolean;
  /** Of thinking. The last one counts. */
  signature: string;
};

const CLIENT_TOOL = 'tool_use';
const SERVER_TOOLS = new Set<unknown>(['server_tool_use', 'mcp_tool_use']);

export function createBlockReader({ names, countNative }: BlockReaderOptions): BlockReader {
  const open = new Map<unknown, Block>();
  let opened = 0;
  let callCount = 0;
  let clientCalls = 0;
  let lastStopped: { index: unknown; position: number } | undefined;

  const startCall = (block: Block, content: JsonObject): StreamPart[] | undefined => {
    const { id, name, type } = content;
    if (typeof id !== 'string' || id === '' || typeof name !== 'string' || name === '') return undefined;
    if (callCount >= LIMITS.partsPerMessageMax) return undefined;
    block.callIndex = callCount++;
    block.input = content['input'];
    if (type === CLIENT_TOOL) clientCalls += 1;
    return [{ type: 'tool-call-start', index: block.callIndex, id, name: names.toClient(name) }];
  };

  return {
    calls: () => clientCalls,
    position: (index) =>
      open.get(index)?.position ?? (lastStopped?.index === index ? lastStopped?.position : undefined),
    start(index, content) {
      if (!isIndex(index) || open.has(index) || !isJsonObject(content)) return undefined;
      if (open.size >= LIMITS.partsPerMessageMax) return undefined;
      const block: Block = {
        position: opened++,
        callIndex: undefined,
        input: undefined,
        hasInput: false,
        signature: '',
      };
      open.set(index, block);
      const { type } = content;
      if (type === CLIENT_TOOL || (countNative && SERVER_TOOLS.has(type))) return startCall(block, content);
      if (type === 'compaction' && countNative) return textPart(content['content']);
      if (type === 'text') return textPart(content['text']);
      if (type === 'thinking') {
        block.signature = textOf(content['signature']);
        return reasoningPart(content['thinking']);
      }
      if (type === 'redacted_thinking') {
        const data = textOf(content['data']);
        return data === '' ? [] : [{ type: 'reasoning-seal', seal: { kind: 'redacted', data } }];
      }
      return [];
    },
    delta(index, delta) {
      const block = open.get(index);
      if (block === undefined || !isJsonObject(delta)) return undefined;
      switch (delta['type']) {
        case 'text_delta':
          return textPart(delta['text']);
        case 'compaction_delta':
          return countNative ? textPart(delta['content']) : [];
        case 'thinking_delta':
          return reasoningPart(delta['thinking']);
        case 'signature_delta':
          block.signature = textOf(delta['signature']);
          return [];
        case 'input_json_delta': {
          const argumentsText = textOf(delta['partial_json']);
          if (block.callIndex === undefined || argumentsText === '') return [];
          block.hasInput = true;
          return [{ type: 'tool-call-delta', index: block.callIndex, argumentsText }];
        }
        default:
          return [];
      }
    },
    stop(index) {
      const block = open.get(index);
      if (block === undefined) return undefined;
      open.delete(index);
      lastStopped = { index, position: block.position };
      return lastParts(block);
    },
    end() {
      const parts = [...open.values()].flatMap(lastParts);
      open.clear();
      return parts;
    },
  };
}

function lastParts({ callIndex, hasInput, input, signature }: Block): StreamPart[] {
  if (signature !== '') return [{ type: 'reasoning-seal', seal: { kind: 'signature', data: signature } }];
  if (callIndex === undefined || hasInput) return [];
  // A call without arguments still has an object of them.
  const argumentsText = isJsonObject(input) ? JSON.stringify(input) : '{}';
  return [{ type: 'tool-call-delta', index: callIndex, argumentsText }];
}

function isIndex(index: unknown): boolean {
  return typeof index === 'number' && Number.isSafeInteger(index) && index >= 0;
}

function textPart(value: unknown): StreamPart[] {
  const text = textOf(value);
  return text === '' ? [] : [{ type: 'text-delta', text }];
}

function reasoningPart(value: unknown): StreamPart[] {
  const text = textOf(value);
  return text === '' ? [] : [{ type: 'reasoning-delta', text }];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
