import type { StreamPart } from '@switchyard/protocol/parts.ts';
import { isJsonObject, tryParseJson } from '../../core/json-body.ts';
import { readUsage } from '../shared/openai-usage.ts';
import { collectWhole } from '../shared/collect-whole.ts';
import type { ReplyReader, Taken } from '../transport/exchange.ts';
import { targetFault } from '../transport/fault-causes.ts';
import { faultOfError } from './error-event.ts';
import { OutputItems } from './output-items.ts';
import { editResponse, readEnd } from './response-object.ts';

export type WholeReaderOptions = { relay: boolean; replyModel: string | undefined };

const BROKEN: Taken = { parts: [], relay: undefined, state: targetFault('bad-reply') };

/** Reads a reply that is one JSON object, with the body to hand on. */
export function openWholeReader(options: WholeReaderOptions): ReplyReader {
  return collectWhole((body) => readWhole(body, options));
}

function readWhole(body: Buffer, { relay, replyModel }: WholeReaderOptions): Taken {
  const value = tryParseJson(body.toString());
  if (!isJsonObject(value)) return BROKEN;
  if (isJsonObject(value['error'])) return { ...BROKEN, state: faultOfError(value) };
  if (!Array.isArray(value['output'])) return BROKEN;
  const items = new OutputItems(relay);
  const parts: StreamPart[] = [];
  for (const [index, item] of value['output'].entries()) {
    const read = isJsonObject(item) ? items.done(index, item) : undefined;
    if (read === undefined) return BROKEN;
    parts.push(...read);
  }
  const reason = readEnd(value, items.hasClientCall());
  if (reason === undefined) return BROKEN;
  if (reason === 'failed') return { ...BROKEN, state: targetFault('error-in-reply') };
  const usage = readUsage(value['usage']);
  parts.push({ type: 'finish', reason, ...(usage === undefined ? {} : { usage }) });
  if (!relay) return { parts, relay: undefined, state: 'complete' };
  const edited = editResponse(body, replyModel);
  return edited === undefined ? BROKEN : { parts, relay: edited, state: 'complete' };
}
