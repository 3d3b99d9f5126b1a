import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject } from '../../core/json-body.ts';
import { LIMITS } from '../../core/limits.ts';

/** One entry of `tool_calls`, read: its parts, and the entry as it should have been written. */
export type ReadCall = { parts: StreamPart[]; entry: JsonObject; isClean: boolean };

/**
 * Gives calls their indexes from 0 without gaps, whatever a service does: no index, the same index for two calls,
 * ids or names repeated at each delta, arguments as an object instead of text. Undefined for an entry that belongs to
 * no call and names no function.
 */
export type ToolCallReader = { read(entry: unknown): ReadCall | undefined; count(): number };

type Call = { index: number; id: string; name: string };

/** `delta`: entries carry an index and go on over many events. `whole`: each entry is one call, without index. */
export type CallStyle = 'delta' | 'whole';

export function createToolCallReader(newCallId: () => string, style: CallStyle): ToolCallReader {
  const calls: Call[] = [];
  const byTheirIndex = new Map<number, Call>();

  const find = (fields: Fields): Call | undefined => {
    const { index, id, name } = fields;
    if (style === 'whole') return undefined;
    if (index === undefined) {
      if (id !== undefined)
        return calls.find((call) => call.id === id) ?? (name === undefined ? calls.at(-1) : undefined);
      return name === undefined ? calls.at(-1) : undefined;
    }
    const call = byTheirIndex.get(index);
    if (call === undefined || name === undefined) return call;
    const isSame = id === undefined ? name === call.name : id === call.id;
    return isSame ? call : undefined;
  };

  return {
    count: () => calls.length,
    read(value) {
      const fields = readFields(value);
      if (fields === undefined) return undefined;
      const known = find(fields);
      if (known !== undefined) return continued(fields, known);
      if (fields.name === undefined || calls.length >= LIMITS.partsPerMessageMax) return undefined;
      const call = { index: calls.length, id: fields.id ?? newCallId(), name: fields.name };
      calls.push(call);
      byTheirIndex.set(fields.index ?? call.index, call);
      return opened(fields, call, style);
    },
  };
}

type Fields = {
  index: number | undefined;
  id: string | undefined;
  name: string | undefined;
  argumentsText: string;
  hasOddArguments: boolean;
  type: unknown;
};

function readFields(value: unknown): Fields | undefined {
  if (!isJsonObject(value)) return undefined;
  const called = isJsonObject(value['function']) ? value['function'] : {};
  const { index, id } = value;
  const { name, arguments: given } = called;
  const isText = typeof given === 'string';
  return {
    index: typeof index === 'number' && Number.isSafeInteger(index) ? index : undefined,
    id: typeof id === 'string' && id !== '' ? id : undefined,
    name: typeof name === 'string' && name !== '' ? name : undefined,
    argumentsText: isText ? given : isJsonObject(given) ? JSON.stringify(given) : '',
    hasOddArguments: !isText && given !== undefined && given !== null,
    type: value['type'],
  };
}

function opened(fields: Fields, call: Call, style: CallStyle): ReadCall {
  const { argumentsText } = fields;
  const { index, id, name } = call;
  const parts: StreamPart[] = [{ type: 'tool-call-start', index, id, name }];
  if (argumentsText !== '') parts.push({ type: 'tool-call-delta', index, argumentsText });
  const place = style === 'delta' ? { index } : {};
  const isInPlace = style === 'whole' || fields.index === index;
  const isClean = isInPlace && fields.id === id && fields.type === 'function' && !fields.hasOddArguments;
  return {
    parts,
    isClean,
    entry: { ...place, id, type: 'function', function: { name, arguments: argumentsText } },
  };
}

function continued(fields: Fields, call: Call): ReadCall {
  const { argumentsText } = fields;
  const { index } = call;
  const parts: StreamPart[] = argumentsText === '' ? [] : [{ type: 'tool-call-delta', index, argumentsText }];
  const isClean = fields.index === index && !fields.hasOddArguments;
  return { parts, isClean, entry: { index, function: { arguments: argumentsText } } };
}
