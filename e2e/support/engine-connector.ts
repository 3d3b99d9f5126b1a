import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Gateway } from './gateway.ts';
import { start, temporaryFolder, type Child } from './processes.ts';

/**
 * Starts a connector in front of an OpenAI-compatible server whose model can do everything, and waits until the
 * gateway has taken it.
 */
export async function startEngineConnector(
  gateway: Gateway,
  token: string,
  engine: { baseUrl: string; model: string; slots?: number },
): Promise<Child> {
  const file = join(temporaryFolder(), 'connector.yaml');
  writeFileSync(
    file,
    `gateway: http://127.0.0.1:${gateway.port}
engines:
  - kind: openai-compatible
    base_url: ${engine.baseUrl}
    slots: ${engine.slots ?? 16}
    models:
      - local: ${engine.model}
        context_tokens: 32768
        max_output_tokens: 4096
        tools: true
        vision: true
        thinking: true
        json_schema: true
`,
  );
  const child = start(['packages/connector/src/main.ts', '--config', file, '--no-bench', '--json'], {
    env: { SWITCHYARD_NODE_TOKEN: token },
  });
  await child.line((line) => (line.includes('"online"') ? true : undefined));
  return child;
}
