/**
 * A bare relay on the gateway's own HTTP libraries: `node:http` in front, an undici pool behind, bytes handed on both
 * ways. It knows no keys, no limits and no money. What it costs is the floor of any gateway in Node; what the gateway
 * costs beyond it is ours. Arguments: the port to listen on, the port of the upstream.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Pool, type Dispatcher } from 'undici';

const [listenPort, upstreamPort] = process.argv.slice(2).map(Number);
const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, { connections: null, pipelining: 1 });
const PASSED_ON = ['content-type', 'content-length', 'retry-after'] as const;

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => relay(request, response, Buffer.concat(chunks)));
}).listen(listenPort, '127.0.0.1', 4096);

function relay(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  let controller: Dispatcher.DispatchController | undefined;
  let isOver = false;
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
        response.writeHead(
          status,
          PASSED_ON.flatMap((name) => (headers[name] === undefined ? [] : [name, String(headers[name])])),
        );
      },
      onResponseData(started, chunk) {
        if (!response.write(chunk)) started.pause();
      },
      onResponseEnd() {
        isOver = true;
        response.end();
      },
      onResponseError() {
        isOver = true;
        response.destroy();
      },
    },
  );
}
