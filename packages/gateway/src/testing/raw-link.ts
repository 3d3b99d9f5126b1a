import { openLinkSocket } from '@switchyard/connector/link/link-socket.ts';
import { createRawNode } from './raw-node.ts';
import type { RawNode } from './raw-node.ts';

/** A raw node over a real socket: it can say anything in any order. */
export type RawLink = {
  node: RawNode;
  /** Sends bytes that need not be a message. */
  sendBytes(bytes: Uint8Array<ArrayBuffer>): void;
  /** The close code that ended it; 1006 when the line just broke, the HTTP status when it was never made. */
  closed: Promise<number>;
  cut(): void;
};

/** `onMessage` is called after what came was added to `node.received`. */
export async function openRawLink(
  port: number,
  token: string,
  onMessage: () => void = () => undefined,
): Promise<RawLink> {
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<number>();
  const url = `ws://127.0.0.1:${port}/node/v1`;
  const socket = openLinkSocket(
    { url, token, timeoutMs: 10_000 },
    {
      onOpen: opened.resolve,
      onMessage(message) {
        node.take(message);
        onMessage();
      },
      onEnd(end) {
        closed.resolve(end.kind === 'closed' ? end.code : end.kind === 'refused' ? end.status : 0);
        opened.resolve();
      },
    },
  );
  const sendBytes = (bytes: Uint8Array<ArrayBuffer>): void => socket.send(bytes, () => undefined);
  const node = createRawNode(sendBytes);
  await opened.promise;
  return { node, sendBytes, closed: closed.promise, cut: () => socket.terminate() };
}
