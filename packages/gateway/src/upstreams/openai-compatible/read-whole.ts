import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject, tryParseJson } from '../../core/json-body.ts';
import { collectWhole } from '../shared/collect-whole.ts';
import type { ReplyReader, Taken } from '../transport/exchange.ts';
import { targetFault } from '../transport/fault-causes.ts';
import { errorInReply } from '../shared/error-in-reply.ts';
import { correctedFinishName, readFinishReason } from './finish-reason.ts';
import { readDelta } from './read-delta.ts';
import { createToolCallReader } from './tool-calls.ts';
import { readUsage } from '../shared/openai-usage.ts';

export type WholeReaderOptions = { relay: boolean; newCallId: () => string };

/** Reads a reply that is one JSON object. The body to hand on stays as it came unless a client would trip over it. */
export function openWholeReader(options: WholeReaderOptions): ReplyReader {
  return collectWhole((body) => readWhole(body, options));
}

function readWhole(body: Buffer, options: WholeReaderOptions): Taken {
  const broken: Taken = { parts: [], relay: undefined, state: targetFault('bad-reply') };
  const value = tryParseJson(body.toString());
  if (!isJsonObject(value)) return broken;
  const error = errorInReply(value);
  if (error !== undefined) return { ...broken, state: error };
  const choices = value['choices'];
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const message = isJsonObject(choice) ? choice['message'] : undefined;
  if (!isJsonObject(choice) || !isJsonObject(message)) return broken;

  const calls = createToolCallReader(options.newCallId, 'whole');
  const read = readDelta(message, calls);
  // A complete reply without a reason did end by itself.
  const reason =
    readFinishReason(choice['finish_reason'], calls.count() > 0) ??
    (calls.count() > 0 ? 'tool-calls' : 'stop');
  if (read.isBroken) return broken;
  if (reason === 'failed') return { ...broken, state: targetFault('error-in-reply') };
  const usage = readUsage(value['usage']);
  const parts: StreamPart[] = [
    ...read.parts,
    { type: 'finish', reason, ...(usage === undefined ? {} : { usage }) },
  ];
  if (!options.relay) return { parts, relay: undefined, state: 'complete' };
  const fixed = fixReply(value, choice, {
    message: read.fixed ?? message,
    isMessageFixed: read.fixed !== undefined,
    finishName: correctedFinishName(choice['finish_reason'], reason),
  });
  return { parts, relay: fixed === undefined ? body : Buffer.from(JSON.stringify(fixed)), state: 'complete' };
}

type MessageReading = { message: JsonObject; isMessageFixed: boolean; finishName: string | undefined };

/** The reply as it should have been written, or undefined when it is right as it stands. */
function fixReply(value: JsonObject, choice: JsonObject, reading: MessageReading): JsonObject | undefined {
  const { message, isMessageFixed, finishName } = reading;
  const isAlone = Array.isArray(value['choices']) && value['choices'].length === 1;
  const lacksRole = typeof message['role'] !== 'string';
  const isRight =
    isAlone && choice['index'] === 0 && !isMessageFixed && !lacksRole && finishName === undefined;
  if (isRight) return undefined;
  const fixedChoice: JsonObject = {
    ...choice,
    index: 0,
    message: lacksRole ? { role: 'assistant', ...message } : message,
  };
  if (finishName !== undefined) fixedChoice['finish_reason'] = finishName;
  return { ...value, choices: [fixedChoice] };
}
