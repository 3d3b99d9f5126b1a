import { randomBytes } from 'node:crypto';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import { LINK_LIMITS } from '@switchyard/protocol/link/limits.ts';
import { isObject, objectAt, parseJson, textAt } from './json.ts';

/** Turns the tool-call pieces of an engine into `tool-call-start` and `tool-call-delta` parts. */
export type ToolCallReader = {
  /** Takes one element of a delta's `tool_calls`. False: it cannot be understood. */
  read(piece: unknown, parts: StreamPart[]): boolean;
  count(): number;
};

/** All arguments of one answer: more is a runaway engine. */
const ARGUMENTS_MAX_CHARS = 4 * 1024 * 1024;

type OpenCall = { index: number; id: string; argumentsText: string };

export function newCallId(): string {
  return `call_${randomBytes(12).toString('hex')}`;
}

/**
 * Engines break the format in many ways, all seen in the field: no `index`, no `type`, no `id`, the same
 * `index` for every call, a fresh `id` on every piece, the name on every piece, arguments as an object.
 *
 * A piece opens a new call only when it has a name, and then if: its index or id is not known yet, or its
 * id differs from the open call's, or it has no id while the open call's arguments are already complete.
 * Everything else continues a call. Indexes are given out anew, from 0 without gaps.
 */
export function createToolCallReader(): ToolCallReader {
  const calls: OpenCall[] = [];
  const byEngineIndex = new Map<number, OpenCall>();
  const byId = new Map<string, OpenCall>();
  let argumentsChars = 0;

  function known(engineIndex: number | undefined, id: string | undefined): OpenCall | undefined {
    if (engineIndex !== undefined) return byEngineIndex.get(engineIndex);
    const sameId = id === undefined ? undefined : byId.get(id);
    return sameId ?? calls.at(-1);
  }

  function open(id: string | undefined, name: string, parts: StreamPart[]): OpenCall {
    // Two calls under one id could not be told apart by the client, and the link takes only short plain ids.
    const callId = id === undefined || byId.has(id) || !isWord(id) ? newCallId() : id;
    const call: OpenCall = { index: calls.length, id: id ?? callId, argumentsText: '' };
    calls.push(call);
    byId.set(call.id, call);
    parts.push({ type: 'tool-call-start', index: call.index, id: callId, name });
    return call;
  }

  return {
    count: () => calls.length,
    read(piece, parts) {
      if (!isObject(piece)) return false;
      const engineIndex = typeof piece.index === 'number' ? piece.index : undefined;
      const id = textAt(piece, 'id');
      const callee = objectAt(piece, 'function');
      const name = textAt(callee, 'name');
      const argumentsText = readArguments(callee.arguments);

      let call = known(engineIndex, id);
      if (name !== undefined && opensNewCall(call, id, argumentsText)) {
        if (calls.length >= LINK_LIMITS.toolCallsMax || !isWord(name)) return false;
        call = open(id, name, parts);
      }
      if (call === undefined) return false;
      if (engineIndex !== undefined) byEngineIndex.set(engineIndex, call);
      if (argumentsText === '') return true;
      argumentsChars += argumentsText.length;
      if (argumentsChars > ARGUMENTS_MAX_CHARS) return false;
      call.argumentsText += argumentsText;
      parts.push({ type: 'tool-call-delta', index: call.index, argumentsText });
      return true;
    },
  };
}

function opensNewCall(call: OpenCall | undefined, id: string | undefined, argumentsText: string): boolean {
  if (call === undefined) return true;
  if (id !== undefined) return id !== call.id;
  return argumentsText !== '' && isObject(parseJson(call.argumentsText));
}

/** What the link lets through as a name or an id. */
function isWord(text: string): boolean {
  return text.length <= LINK_LIMITS.nameMaxChars && !/\p{Cc}/u.test(text);
}

function readArguments(value: unknown): string {
  if (typeof value === 'string') return value;
  return isObject(value) ? JSON.stringify(value) : '';
}
