/**
 * Nodes with played engines, many in one process. Its arguments are the gateway's port and the milliseconds between
 * the pieces of an answer, 0 for as fast as the link takes them; its standard input is one token a line.
 */
import { createInterface } from 'node:readline';
import { startFakeNode } from '../packages/gateway/src/testing/fake-node.ts';

/** Bytes of an answer must stay below 32 MiB: then the next one begins. */
const piecesPerAnswer = 100_000;
const slots = 4_096;
const [port = '', everyMs = '100', most = String(slots)] = process.argv.slice(2);

function* pieces(): Iterable<string> {
  for (let at = 0; at < piecesPerAnswer; at += 1) yield 'token ';
}

createInterface({ input: process.stdin }).on('line', (token) => {
  startFakeNode({
    gatewayUrl: `http://127.0.0.1:${port}`,
    token,
    slots: Number(most),
    model: { contextTokens: 131_072, maxOutputTokens: 131_072 },
    answer: () => ({ pieces: pieces(), everyMs: Number(everyMs) }),
  });
});
