import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createFakeLlamaCpp } from './fake-llama-cpp.ts';

/**
 * A program that plays `llama-server`: it takes its settings from the environment as that does, loads for as many
 * looks as FAKE_LOADS says, and dies at its start when FAKE_DIES says so, or when a chat tells it to. What it was
 * started with stands in the file FAKE_ENVIRONMENT_FILE.
 */
const { env } = process;
if (env['FAKE_DIES'] === 'start') {
  process.stderr.write(
    '0.00.1 I load: loading model\n0.00.2 E llama_model_load: error loading model: unknown architecture\n0.00.3 E bye: error\n',
  );
  process.exit(1);
}
const environmentFile = env['FAKE_ENVIRONMENT_FILE'];
if (environmentFile !== undefined) writeFileSync(environmentFile, JSON.stringify(env));
if (env['FAKE_IGNORES_END'] === '1') process.on('SIGTERM', () => undefined);

const fake = createFakeLlamaCpp({
  id: env['LLAMA_ARG_ALIAS'] ?? '',
  slots: Number(env['LLAMA_ARG_N_PARALLEL']),
  contextTokens: Number(env['LLAMA_ARG_CTX_SIZE'] ?? 2048) / Number(env['LLAMA_ARG_N_PARALLEL']),
});
let loads = Number(env['FAKE_LOADS'] ?? 0);

const server = createServer((incoming, response) => {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.on('end', () => {
    const path = incoming.url ?? '';
    const isOpen = path === '/health' || incoming.headers.authorization === `Bearer ${env['LLAMA_API_KEY']}`;
    fake.isLoading = loads > 0;
    if (path === '/health') loads -= 1;
    if (!isOpen) {
      response.writeHead(401).end('{}');
    } else {
      const text = Buffer.concat(chunks).toString('utf8');
      if (text.includes('Die now.')) process.exit(3);
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      fake.handle({ method: incoming.method ?? '', path, headers: incoming.headers, body }, response);
    }
  });
});
server.listen(Number(env['LLAMA_ARG_PORT']), env['LLAMA_ARG_HOST']);
