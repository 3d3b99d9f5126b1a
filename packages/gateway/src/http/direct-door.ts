import type { IncomingMessage, ServerResponse } from 'node:http';
import { newId } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import { OPEN_BODY_MAX_BYTES } from './body-intake.ts';
import { serveSafely, type InferenceRow } from './inference-row.ts';

export type DirectDoorOptions = {
  /** With their prefixes. */
  rows: readonly InferenceRow[];
  /** Whose address it is, as far as the proxies in front are trusted. */
  addressOf(request: IncomingMessage): string;
  log: Log;
};

/**
 * Takes plain inference requests past the framework, which they would pay for and not use (decision 0015). Plain: POST
 * to the exact path, one JSON body of a known length that everybody may send, uncompressed. It returns false for everything
 * else, and the framework then serves the same row, so that there is one place for what is refused before a route.
 */
export function createDirectDoor({
  rows,
  addressOf,
  log,
}: DirectDoorOptions): (request: IncomingMessage, response: ServerResponse) => boolean {
  const rowByPath = new Map(rows.map((row) => [row.path, row]));
  return (request, response) => {
    if (request.method !== 'POST') return false;
    const row = rowByPath.get(request.url ?? '');
    if (row === undefined) return false;
    const { rawHeaders } = request;
    const length = plainBodyLength(rawHeaders);
    if (length === undefined || length > mostBytes(row)) return false;
    readBody(request, length, (body) => {
      const arrival = {
        requestId: newId('req'),
        rawHeaders,
        body,
        response,
        remoteAddress: addressOf(request),
      };
      serveSafely(row, arrival, { request, log });
    });
    return true;
  };
}

/** A larger body is taken in only from senders who are known, which is the framework's way. */
function mostBytes({ bodyMaxBytes = OPEN_BODY_MAX_BYTES }: InferenceRow): number {
  return Math.min(bodyMaxBytes, OPEN_BODY_MAX_BYTES);
}

/**
 * The length of a body that needs no framework, in bytes; undefined when the headers say anything unusual. Node's parser
 * has refused repeated and malformed lengths, and delivers exactly as many bytes or breaks the request off.
 */
export function plainBodyLength(rawHeaders: readonly string[]): number | undefined {
  let length: number | undefined;
  let isJson = false;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    // Few names have these lengths, so most are passed over without being looked at.
    if (name.length < 12 || name.length > 17) continue;
    const value = rawHeaders[at + 1] ?? '';
    switch (name.toLowerCase()) {
      case 'content-type':
        if (isJson || !JSON_TYPE.test(value)) return undefined;
        isJson = true;
        break;
      case 'content-length':
        if (length !== undefined || !PLAIN_LENGTH.test(value)) return undefined;
        length = Number(value);
        break;
      case 'content-encoding':
      case 'transfer-encoding':
        return undefined;
      default:
    }
  }
  return isJson && length !== undefined && length > 0 ? length : undefined;
}

const JSON_TYPE = /^application\/json(?:; ?charset=utf-8)?$/i;
const PLAIN_LENGTH = /^\d{1,12}$/;

/** A request that is broken off never ends, and is forgotten with its socket. */
function readBody(request: IncomingMessage, length: number, done: (body: Buffer) => void): void {
  let chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const [first] = chunks;
    const body = first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks, length);
    // The request lives as long as its reply, and this listener with it.
    chunks = [];
    done(body);
  });
}
