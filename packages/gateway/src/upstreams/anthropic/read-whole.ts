import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject, tryParseJson } from '../../core/json-body.ts';
import { collectWhole } from '../shared/collect-whole.ts';
import type { ReplyReader, Taken } from '../transport/exchange.ts';
import { targetFault } from '../transport/fault-causes.ts';
import { createBlockReader } from './content-blocks.ts';
import { errorInAnswer } from './provider-fault.ts';
import { finishOf, refusalOf } from './read-stream.ts';
import type { ToolNames } from './tool-names.ts';
import { readUsage } from './usage.ts';

export type WholeReaderOptions = { relay: boolean; names: Pick<ToolNames, 'toClient'> };

/** Reads a reply that is one JSON object, with the body to hand on as it came. */
export function openWholeReader(options: WholeReaderOptions): ReplyReader {
  return collectWhole((body) => readWhole(body, options));
}

function readWhole(body: Buffer, options: WholeReaderOptions): Taken {
  const broken: Taken = { parts: [], relay: undefined, state: targetFault('bad-reply') };
  const value = tryParseJson(body.toString());
  if (!isJsonObject(value)) return broken;
  const error = errorInAnswer(value);
  if (error !== undefined) return { ...broken, state: error };
  const parts = readMessage(value, options);
  if (parts === undefined) return broken;
  return { parts, relay: options.relay ? body : undefined, state: 'complete' };
}

function readMessage(message: JsonObject, { relay, names }: WholeReaderOptions): StreamPart[] | undefined {
  const { content } = message;
  if (!Array.isArray(content)) return undefined;
  const blocks = createBlockReader({ names, countNative: relay });
  const parts: StreamPart[] = [];
  for (const [index, block] of content.entries()) {
    const started = blocks.start(index, block);
    const stopped = blocks.stop(index);
    if (started === undefined || stopped === undefined) return undefined;
    parts.push(...started, ...stopped);
  }
  // A complete reply without a reason did end by itself.
  const reason = message['stop_reason'] ?? 'end_turn';
  const finish = finishOf({ ...message, stop_reason: reason }, blocks.calls());
  if (finish === undefined) return undefined;
  if (!relay) parts.push(...refusalOf(message));
  const usage = readUsage(message['usage'], message['usage']);
  return [...parts, { ...finish, ...(usage === undefined ? {} : { usage }) }];
}
