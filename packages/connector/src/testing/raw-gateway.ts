import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { decodeMessage, encodeMessage, RECORD_FLAGS, RECORD_TYPES } from '@switchyard/protocol/link/frame.ts';
import type { LinkRecord } from '@switchyard/protocol/link/frame.ts';
import { encodeStreamSeqs } from '@switchyard/protocol/link/messages.ts';
import type { StreamSeq } from '@switchyard/protocol/link/replay.ts';

const NO_BODY = new Uint8Array(0);

export function jsonBody(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** One connection of a node, at a gateway that says what the test wants. */
export type RawConnection = {
  headers: IncomingHttpHeaders;
  path: string;
  socket: WebSocket;
  received: LinkRecord[];
  closeCode: number | undefined;
  got(type: number, stream?: number): LinkRecord[];
  /** Sequence numbers are kept right unless `seq` is given. */
  record(type: number, stream: number, body?: Uint8Array, fields?: Partial<LinkRecord>): LinkRecord;
  send(...records: LinkRecord[]): void;
  /** Without fields: a gateway that knows no features. */
  welcome(fields?: { sessionId?: string; features?: string[]; newestAgent?: string }): void;
  /** What was received of the session that goes on. `seqs`: the last own number of each stream. */
  resumed(received: StreamSeq[], seqs?: Record<number, number>): void;
};

export type RawGateway = {
  url: string;
  connections: RawConnection[];
  /** Set: upgrades are answered with this and plain HTTP. */
  refusal: { status: number; headers?: Record<string, string> } | undefined;
  /** How many upgrades were asked for. */
  asked: number;
  close(): Promise<void>;
};

export async function startRawGateway(): Promise<RawGateway> {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  const gateway: RawGateway = {
    url: '',
    connections: [],
    refusal: undefined,
    asked: 0,
    close() {
      for (const connection of gateway.connections) connection.socket.terminate();
      server.closeAllConnections();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
  server.on('upgrade', (request, socket, head) => {
    gateway.asked += 1;
    const { refusal } = gateway;
    if (refusal !== undefined) {
      const headers = Object.entries({ connection: 'close', 'content-length': '0', ...refusal.headers });
      const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      socket.end(`HTTP/1.1 ${refusal.status} No\r\n${lines}\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      gateway.connections.push(track(webSocket, request.headers, request.url ?? ''));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  gateway.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return gateway;
}

function track(socket: WebSocket, headers: IncomingHttpHeaders, path: string): RawConnection {
  const seqs = new Map<number, number>();
  const connection: RawConnection = {
    headers,
    path,
    socket,
    received: [],
    closeCode: undefined,
    got: (type, stream) =>
      connection.received.filter(
        (entry) => entry.type === type && (stream === undefined || entry.stream === stream),
      ),
    record(type, stream, body = NO_BODY, fields = {}) {
      const seq = (seqs.get(stream) ?? 0) + 1;
      seqs.set(stream, seq);
      return { type, flags: RECORD_FLAGS.end, stream, seq, body, ...fields };
    },
    send: (...records) => socket.send(encodeMessage(records)),
    welcome: (fields = {}) => {
      const body = {
        sessionId: 's1',
        epoch: 1,
        heartbeatMs: 10_000,
        serverTimeMs: 0,
        features: [],
        ...fields,
      };
      connection.send(connection.record(RECORD_TYPES.welcome, 0, jsonBody(body)));
    },
    resumed: (received, lastSeqs = {}) => {
      for (const [stream, seq] of Object.entries(lastSeqs)) seqs.set(Number(stream), seq);
      connection.send(connection.record(RECORD_TYPES.resumed, 0, encodeStreamSeqs(received)));
    },
  };
  socket.on('message', (data: Buffer) => {
    const decoded = decodeMessage(data);
    if (!decoded.ok) throw new Error(`the node sent a bad message: ${decoded.error}`);
    connection.received.push(...decoded.records);
  });
  socket.on('error', () => undefined);
  socket.on('close', (code) => {
    connection.closeCode = code;
  });
  return connection;
}
