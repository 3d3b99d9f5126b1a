import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { secret } from '../config/secret.ts';
import { createHttpClassifier } from './http-classifier.ts';

const PICTURE = Buffer.from('the bytes of a picture');

let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

async function listening(
  answer: Answer,
): Promise<{ url: string; bodies: Buffer[]; heads: IncomingMessage[] }> {
  const bodies: Buffer[] = [];
  const heads: IncomingMessage[] = [];
  server = createServer((request, response) => {
    heads.push(request);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks));
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}/classify`, bodies, heads };
}

const saying =
  (status: number, text: string): Answer =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(text);

const asking = (url: string, timeoutMs = 5_000) =>
  createHttpClassifier({ url, token: secret('tok'), timeoutMs }).adultScore(PICTURE);

describe('a classifier behind HTTP', () => {
  it.each([0, 0.03, 1])('gets the picture and the token, and its %s is the score', async (adult) => {
    const { url, bodies, heads } = await listening(saying(200, JSON.stringify({ adult, more: [1] })));
    expect(await asking(url)).toBe(adult);
    expect(bodies).toEqual([PICTURE]);
    const [head] = heads;
    expect([head?.method, head?.url]).toEqual(['POST', '/classify']);
    expect(head?.headers).toMatchObject({ 'content-type': 'image/png', authorization: 'Bearer tok' });
  });

  it.each<[string, Answer]>([
    ['another status', saying(500, '{"adult":0}')],
    ['a status that says there is nothing', saying(404, '{"adult":0}')],
    ['no JSON', saying(200, 'fine')],
    ['an empty answer', saying(200, '')],
    ['no score', saying(200, '{}')],
    ['a score in words', saying(200, '{"adult":"0"}')],
    ['a score below 0', saying(200, '{"adult":-0.1}')],
    ['a score above 1', saying(200, '{"adult":1.1}')],
    ['null', saying(200, 'null')],
    ['a list', saying(200, '[0]')],
    ['too much', saying(200, `{"adult":0,"x":"${'y'.repeat(100_000)}"}`)],
    ['a redirect', (response) => void response.writeHead(302, { location: '/other' }).end()],
    ['a cut line', (response) => void response.destroy()],
  ])('that answers with %s gives no score, and its words are not repeated', async (_name, answer) => {
    const { url, heads } = await listening(answer);
    const error = await asking(url).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).not.toContain('fine');
    expect(heads).toHaveLength(1);
  });

  it('that says nothing is given up', async () => {
    const { url } = await listening(() => undefined);
    await expect(asking(url, 100)).rejects.toThrow();
  });

  it('that is not there gives no score', async () => {
    await expect(asking('http://127.0.0.1:1/classify')).rejects.toThrow();
  });
});
