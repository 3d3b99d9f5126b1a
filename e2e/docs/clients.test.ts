import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemoConnector, startGateway, type Gateway } from '../support/gateway.ts';
import { docBlocks } from '../support/doc-blocks.ts';
import { cleanUp } from '../support/processes.ts';
import { openCodeFolder, type CodeLanguage } from '../support/run-code.ts';

/** The programs of docs/clients run as they are printed, with another address, against the shipped configuration. */

let gateway: Gateway;
let key: string;
const folder = openCodeFolder('docs-clients');
beforeAll(async () => {
  gateway = await startGateway({ config: readFileSync('switchyard.yaml', 'utf8') });
  await startDemoConnector(gateway, (await gateway.node('demo')).token);
  ({ key } = await gateway.customer('10', ['--rpm', '1000']));
});
afterAll(async () => {
  folder.remove();
  await cleanUp();
});

type Page = {
  page: string;
  language: CodeLanguage;
  /** What must be printed, in this order. */
  prints: readonly RegExp[];
};

const pages: readonly Page[] = [
  {
    page: 'openai-node.md',
    language: 'js',
    prints: [/cost in USD: 0\.01\n/, /cost in USD: 0\.01\n/, / \| .*4/, /404 model_not_found req_/],
  },
  {
    page: 'openai-python.md',
    language: 'python',
    prints: [/cost in USD: 0\.01\n/, /cost in USD: 0\.01\n/, /'demo'/, /404 model_not_found req_/],
  },
  {
    page: 'anthropic-node.md',
    language: 'js',
    prints: [/cost in USD: 0\.01\n/, /cost in USD: 0\.01\n/, /type: 'text'/, /404 not_found_error req_/],
  },
  {
    page: 'anthropic-python.md',
    language: 'python',
    prints: [/cost in USD: 0\.01\n/, /cost in USD: 0\.01\n/, /TextBlock/, /404 not_found_error req_/],
  },
  { page: 'openai-agents.md', language: 'js', prints: [/\w+/] },
  { page: 'openai-agents.md', language: 'python', prints: [/\w+/] },
  { page: 'langchain.md', language: 'js', prints: [/\w+/] },
  { page: 'langchain.md', language: 'python', prints: [/\w+/] },
  { page: 'ai-sdk.md', language: 'js', prints: [/4/, /\n/, /\n/, /\n/, /\w+/] },
  {
    page: 'curl.md',
    language: 'sh',
    prints: [
      /"choices"/,
      /data: \[DONE\]/,
      /"type":"message"/,
      /"object":"response"/,
      /"object":"list"/,
      /200 OK/,
    ],
  },
];

describe('docs/clients', () => {
  it.for(pages)('$page: $language', { timeout: 400_000 }, async ({ page, language, prints }, context) => {
    const blocks = docBlocks(`docs/clients/${page}`, language);
    // The set-up of the reader's own machine.
    const text = blocks.filter((block) => !/npm install|pip install/.test(block)).join('\n');
    const ran = await folder.run(language, adapt(text), { SWITCHYARD_API_KEY: key });
    if ('missing' in ran) {
      context.skip(ran.missing);
      return;
    }
    const { code, output } = ran;
    expect(code, output).toBe(0);
    let rest = output;
    for (const wanted of prints) {
      expect(rest).toMatch(wanted);
      const { index = 0, 0: found = '' } = wanted.exec(rest) ?? {};
      rest = rest.slice(index + found.length);
    }
  });
});

/** The reader's own address and key. */
function adapt(text: string): string {
  return text
    .replaceAll('http://127.0.0.1:8080', `http://127.0.0.1:${gateway.port}`)
    .replaceAll(/^export SWITCHYARD_API_KEY=.*$/gm, '');
}
