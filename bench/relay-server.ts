/**
 * A bare relay on the gateway's own HTTP libraries: `node:http` in front, an undici pool behind, bytes handed on both
 * ways. It knows no keys, no limits and no money. What it costs is the floor of any gateway in Node; what the gateway
 * costs beyond it is ours. Arguments: the port to listen on, the port of the upstream, and for the durable relay the
 * database in which each reply leaves a row before its last bytes are sent.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Pool, type Dispatcher } from 'undici';
import { openRows } from './relay-rows.ts';

const [listenPort, upstreamPort, databasePath] = process.argv.slice(2);
const rows = databasePath === undefined ? undefined : openRows(databasePath);
const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, { connections: null, pipelining: 1 });
const PASSED_ON = ['content-type', 'content-length', 'retry-after'] as const;

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => relay(request, response, Buffer.concat(chunks)));
}).listen(Number(listenPort), '127.0.0.1', 4096);

function relay(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  let controller: Dispatcher.DispatchController | undefined;
  let isOver = false;
  /** The newest part of a whole reply, with `rows`: the last one waits for the disk. */
  let heldBack: Buffer | undefined;
  let holdsBack = false;
  response.on('close', () => {
    if (!isOver) controller?.abort(new Error('the client has left'));
    isOver = true;
  });
  response.on('drain', () => controller?.resume());
  pool.dispatch(
    {
      method: 'POST',
      path: request.url ?? '/',
      headers: { 'content-type': 'application/json', authorization: request.headers.authorization ?? '' },
      body,
    },
    {
      onRequestStart(started) {
        controller = started;
        if (isOver) started.abort(new Error('the client has left'));
      },
      onResponseStart(_controller, status, headers) {
        holdsBack = rows !== undefined && !String(headers['content-type']).startsWith('text/event-stream');
        response.writeHead(
          status,
          PASSED_ON.flatMap((name) => (headers[name] === undefined ? [] : [name, String(headers[name])])),
        );
      },
      onResponseData(started, chunk) {
        const part = holdsBack ? heldBack : chunk;
        if (holdsBack) heldBack = chunk;
        if (part !== undefined && !response.write(part)) started.pause();
      },
      onResponseEnd() {
        isOver = true;
        if (rows === undefined) response.end();
        else rows.add(() => response.end(heldBack));
      },
      onResponseError() {
        isOver = true;
        response.destroy();
      },
    },
  );
}
