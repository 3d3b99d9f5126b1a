/**
 * A model provider that costs almost nothing: it parses just enough HTTP on bare sockets and answers with bytes made
 * beforehand. Behaviour stands in the path, so that one process plays every provider of a run:
 * `/delay=20/v1/chat/completions` answers after 20 ms. See `Behaviour`. Prints `listening PORT` and ends when its
 * standard input closes, which happens at the latest when its parent is gone.
 * Paced streams share one ticker; each event is a write of its own, as from a real engine.
 */
import { createServer, type Socket } from 'node:net';
import { parseArgs } from 'node:util';

type Behaviour = {
  /** Wait before the first byte, milliseconds. */
  delay: number;
  /** Content events of a stream. */
  events: number;
  /** Content events per second of one stream; 0: all at once. */
  rate: number;
  /** Status of the answer; anything but 200 is an error body. */
  status: number;
  /** Destroys the connection after this many events; 0: never. */
  cut: number;
};

type Stream = { socket: Socket; behaviour: Behaviour; sent: number; nextAtMs: number };

const defaults: Behaviour = { delay: 0, events: 64, rate: 0, status: 200, cut: 0 };
const headEnd = Buffer.from('\r\n\r\n');
const requestMaxBytes = 4 * 1024 * 1024;
const tickMs = 5;

const fullReply = replyBytes(200, completionJson());
const errorReplies = new Map<number, Buffer>();
const streamHead = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n' +
    'transfer-encoding: chunked\r\n\r\n',
);
const roleEvent = eventBytes({ role: 'assistant', content: '' }, null);
const contentEvent = eventBytes({ content: ' everything' }, null);
const finalEvents = Buffer.concat([
  eventBytes({}, 'stop'),
  chunk(`data: ${JSON.stringify({ ...chunkBase(), choices: [], usage: usage() })}\n\n`),
  chunk('data: [DONE]\n\n'),
  Buffer.from('0\r\n\r\n'),
]);

const streams = new Set<Stream>();
const behaviours = new Map<string, Behaviour>();
const counts = { requests: 0, openConnections: 0 };

const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } });
const server = createServer({ noDelay: true }, serve);
server.listen(Number(values.port), '127.0.0.1', 4096, () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') console.log(`listening ${address.port}`);
});
setInterval(sendDueEvents, tickMs);
process.stdin.on('end', () => process.exit(0)).resume();

/** Reads requests of one connection, one after the other. */
function serve(socket: Socket): void {
  let pending: Buffer = Buffer.alloc(0);
  counts.openConnections += 1;
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    counts.openConnections -= 1;
  });
  socket.on('data', (part: Buffer) => {
    pending = pending.length === 0 ? part : Buffer.concat([pending, part]);
    for (;;) {
      const request = takeRequest(pending);
      if (request === undefined) break;
      pending = pending.subarray(request.byteLength);
      answer(socket, request);
    }
    if (pending.length > requestMaxBytes) socket.destroy();
  });
}

type Request = { byteLength: number; path: string; isStream: boolean };

/** The first whole request in `bytes`; undefined while part of it is missing. Bodies need a content-length. */
function takeRequest(bytes: Buffer): Request | undefined {
  const end = bytes.indexOf(headEnd);
  if (end === -1) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const bodyBytes = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  const byteLength = end + headEnd.length + bodyBytes;
  if (bytes.length < byteLength) return undefined;
  const body = bytes.subarray(end + headEnd.length, byteLength);
  const path = head.slice(head.indexOf(' ') + 1, head.indexOf(' HTTP/1.'));
  return { byteLength, path, isStream: body.includes('"stream":true') };
}

function answer(socket: Socket, request: Request): void {
  if (request.path === '/stats') {
    socket.write(replyBytes(200, JSON.stringify({ ...counts, openStreams: streams.size })));
    return;
  }
  counts.requests += 1;
  const behaviour = behaviourOf(request.path);
  if (behaviour.delay > 0) setTimeout(begin, behaviour.delay);
  else begin();

  function begin(): void {
    if (behaviour.status !== 200) socket.write(errorReply(behaviour.status));
    else if (request.isStream) beginStream(socket, behaviour);
    else socket.write(fullReply);
  }
}

function beginStream(socket: Socket, behaviour: Behaviour): void {
  socket.cork();
  socket.write(streamHead);
  socket.write(roleEvent);
  const stream: Stream = { socket, behaviour, sent: 0, nextAtMs: 0 };
  if (behaviour.rate === 0) {
    for (let sent = 0; sent < behaviour.events && socket.writable; sent += 1) sendEvent(stream);
    socket.write(finalEvents);
  } else {
    // Spread over one period, so that a thousand streams begun together do not all write in the same tick.
    stream.nextAtMs = performance.now() + (Math.random() * 1000) / behaviour.rate;
    streams.add(stream);
    socket.once('close', () => streams.delete(stream));
  }
  socket.uncork();
}

function sendDueEvents(): void {
  const nowMs = performance.now();
  for (const stream of streams) {
    while (stream.nextAtMs <= nowMs && streams.has(stream)) {
      stream.nextAtMs += 1000 / stream.behaviour.rate;
      if (stream.sent < stream.behaviour.events) {
        sendEvent(stream);
      } else {
        streams.delete(stream);
        stream.socket.write(finalEvents);
      }
    }
  }
}

function sendEvent(stream: Stream): void {
  stream.sent += 1;
  if (stream.sent === stream.behaviour.cut) stream.socket.destroy();
  else stream.socket.write(contentEvent);
}

/** Reads `delay=20,rate=10` from the first segment of the path. */
function behaviourOf(path: string): Behaviour {
  const known = behaviours.get(path);
  if (known !== undefined) return known;
  const behaviour = { ...defaults };
  for (const setting of (path.split('/')[1] ?? '').split(',')) {
    const [name = '', value] = setting.split('=');
    if (name in behaviour) behaviour[name as keyof Behaviour] = Number(value);
  }
  if (behaviours.size < 1000) behaviours.set(path, behaviour);
  return behaviour;
}

function errorReply(status: number): Buffer {
  const made =
    errorReplies.get(status) ??
    replyBytes(status, JSON.stringify({ error: { message: 'planned fault', type: 'server_error' } }));
  errorReplies.set(status, made);
  return made;
}

function replyBytes(status: number, body: string): Buffer {
  return Buffer.from(
    `HTTP/1.1 ${status} Status\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** About 1.5 KB, the size of a short answer. */
function completionJson(): string {
  const content = 'The quick brown fox jumps over the lazy dog. '.repeat(24);
  return JSON.stringify({
    id: 'chatcmpl-9f3c0d2e5b7a4c61a8d2',
    object: 'chat.completion',
    created: 1_795_000_000,
    model: 'bench',
    choices: [{ index: 0, message: { role: 'assistant', content }, logprobs: null, finish_reason: 'stop' }],
    usage: usage(),
    system_fingerprint: 'fp_bench',
  });
}

function usage(): object {
  return {
    prompt_tokens: 120,
    completion_tokens: 260,
    total_tokens: 380,
    prompt_tokens_details: { cached_tokens: 0 },
  };
}

function chunkBase(): object {
  return {
    id: 'chatcmpl-9f3c0d2e5b7a4c61a8d2',
    object: 'chat.completion.chunk',
    created: 1_795_000_000,
    model: 'bench',
    system_fingerprint: 'fp_bench',
  };
}

function eventBytes(delta: object, finishReason: string | null): Buffer {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }];
  return chunk(`data: ${JSON.stringify({ ...chunkBase(), choices })}\n\n`);
}

/** One chunk of a chunked HTTP body. */
function chunk(text: string): Buffer {
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
}
