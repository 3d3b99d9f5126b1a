import { createServer, type Server, type ServerResponse } from 'node:http';

/** An OpenAI-compatible engine that says one word of each answer and then waits until it is let go on. */
export type HeldEngine = {
  baseUrl: string;
  /** Answers that wait now. */
  held(): number;
  /** Ends all of them properly. */
  letGo(): void;
  close(): Promise<void>;
};

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'slow', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

export async function startHeldEngine(): Promise<HeldEngine> {
  const waiting = new Set<ServerResponse>();
  const server: Server = createServer((request, response) => {
    if (request.method === 'GET') {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ object: 'list', data: [{ id: 'slow', object: 'model' }] }));
      return;
    }
    request.resume().once('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(chunk({ role: 'assistant', content: 'word' }));
      waiting.add(response);
      response.once('close', () => waiting.delete(response));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    baseUrl: `http://127.0.0.1:${address.port}/v1`,
    held: () => waiting.size,
    letGo() {
      for (const response of waiting) response.end(`${chunk({}, 'stop')}data: [DONE]\n\n`);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
