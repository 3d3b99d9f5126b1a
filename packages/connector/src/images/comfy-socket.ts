import { IMAGE_LIMITS } from '@switchyard/protocol/image.ts';
import { WebSocket } from 'ws';
import { guardedLookup } from '../engines/address-guard.ts';
import type { EngineEndpoint } from '../engines/engine-http.ts';
import { engineUrl } from '../engines/engine-http.ts';
import { countAt, isObject, objectAt, parseJson, textAt } from '../engines/json.ts';
import { SAMPLER_NODE } from './comfy-graph.ts';

export type ComfyListener = {
  /** The sampler has made a step of this prompt. */
  onStep(promptId: string, step: number): void;
  /** A whole PNG, which is the picture: previews are JPEG. */
  onPng(png: Buffer): void;
};

export type ComfySocket = {
  /** Resolves when messages come, or when it is certain that none will. */
  ready: Promise<void>;
  isOpen(): boolean;
  close(): void;
};

const HANDSHAKE_MS = 5_000;
/** Two numbers of 32 bits before a picture: what it is, and its format. */
const HEADER_BYTES = 8;
const PREVIEW_IMAGE = 1;
const FORMAT_PNG = 2;
/** A message longer than this says nothing that is looked for here. */
const TEXT_MAX_BYTES = 64 * 1024;

/**
 * ComfyUI's `/ws?clientId=ID`: `progress` messages, and the pictures of `SaveImageWebsocket` as binary messages.
 * excerpts of copies of ComfyUI's `server.py` and `websocket_image_save.py`, seen 2026-11-21, not tried. A line that breaks says so by
 * `isOpen` alone; a new one with the same id takes over.
 */
export function openComfySocket(
  endpoint: EngineEndpoint,
  clientId: string,
  listener: ComfyListener,
): ComfySocket {
  const url = engineUrl(endpoint, `/ws?clientId=${clientId}`);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url, {
    headers: endpoint.apiKey === undefined ? {} : { authorization: `Bearer ${endpoint.apiKey}` },
    perMessageDeflate: false,
    followRedirects: false,
    handshakeTimeout: HANDSHAKE_MS,
    maxPayload: IMAGE_LIMITS.pictureMaxBytes + HEADER_BYTES,
    lookup: guardedLookup(endpoint.allowLan),
  });
  const ready = Promise.withResolvers<void>();
  socket.on('open', () => ready.resolve());
  socket.on('close', () => ready.resolve());
  socket.on('error', () => socket.terminate());
  socket.on('message', (data, isBinary) => {
    if (!Buffer.isBuffer(data)) return;
    if (isBinary) readPicture(data, listener);
    else if (data.length <= TEXT_MAX_BYTES) readMessage(data.toString('utf8'), listener);
  });
  return {
    ready: ready.promise,
    isOpen: () => socket.readyState === WebSocket.OPEN,
    close: () => socket.terminate(),
  };
}

function readPicture(data: Buffer, listener: ComfyListener): void {
  if (data.length <= HEADER_BYTES) return;
  if (data.readUInt32BE(0) !== PREVIEW_IMAGE || data.readUInt32BE(4) !== FORMAT_PNG) return;
  listener.onPng(data.subarray(HEADER_BYTES));
}

function readMessage(text: string, listener: ComfyListener): void {
  const message = parseJson(text);
  if (!isObject(message) || message.type !== 'progress') return;
  const progress = objectAt(message, 'data');
  const promptId = textAt(progress, 'prompt_id');
  const step = countAt(progress, 'value');
  if (promptId === undefined || step === undefined || step === 0 || progress.node !== SAMPLER_NODE) return;
  listener.onStep(promptId, step);
}
