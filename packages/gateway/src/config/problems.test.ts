import { describe, expect, test } from 'vitest';
import { formatProblem } from './config.ts';
import { loadConfigText } from './load.ts';
import { BAD_FILES, modelFile, upstreamFile } from './testing-bad-files.ts';

/** Loads a text with an environment of our own, as if it were ./test.yaml. */
function problemsOf(text: string, environment: Record<string, string> = {}): string[] {
  const loaded = loadConfigText(text, {
    name: 'test.yaml',
    environment,
    overrides: {},
    workingFolder: '/nowhere',
  });
  return loaded.ok ? [] : loaded.error.map(formatProblem);
}

describe('a file with a mistake', () => {
  test.each(BAD_FILES)('$name', ({ text, problems }) => {
    const environment = { EMPTY: '  ', BROKEN: 'two words' };
    expect(problemsOf(text, environment)).toEqual(problems);
  });

  test('all mistakes are shown at once, in the order of the file', () => {
    const text = [
      'server:',
      '  port: -1',
      '  hots: a',
      'server:',
      '  port: 1',
      'upstreams:',
      '  u: { kind: openia, base_url: here, api_key_env: MISSING }',
      'models:',
      '  - { id: a, price: { credits: -1 }, routes: [{ pool: none }], context_tokens: 1, max_output_tokens: 2 }',
      '  - { id: a, price: 8, routes: 5, context_tokens: x, max_output_tokens: 2 }',
    ].join('\n');
    const paths = problemsOf(text).map((problem) => problem.split(' ')[1]);
    expect(paths).toEqual([
      'server.port:',
      'server.hots:',
      'server:',
      'upstreams.u.kind:',
      'upstreams.u.base_url:',
      'upstreams.u.api_key_env:',
      'models[0].price.credits:',
      'models[0].routes[0].pool:',
      'models[0].max_output_tokens:',
      'models[1].id:',
      'models[1].price:',
      'models[1].routes:',
      'models[1].context_tokens:',
    ]);
  });

  test('no problem repeats a value of the file', () => {
    const secretText = 'sk-live-0123456789';
    const places = [
      `brand: { key_prefix: ${secretText}XX }`,
      `server: { host: "${secretText} x", port: ${secretText}, public_url: ${secretText}, drain_seconds: ${secretText} }`,
      `logging: { level: ${secretText} }`,
      `data: ${secretText}`,
      `server: { trusted_proxies: [${secretText}], chat_body_max_bytes: ${secretText} }`,
      `accounts: { welcome_usd: ${secretText} }`,
      upstreamFile(
        `    api_key_env: ${secretText}\n    api_key: ${secretText}\n    on_disconnect: ${secretText}\n`,
      ),
      upstreamFile(`    headers: { x-api-key: ${secretText}, x-other: "${secretText}\\n" }\n`),
      `upstreams: { u: { kind: ${secretText}, base_url: "https://x:${secretText}@h/?k=${secretText}" } }`,
      modelFile({ price: `{ credits: ${secretText} }`, hidden: secretText, kind: secretText }),
      `brand: "${secretText}`,
      `brand: *${secretText}`,
      `brand: !${secretText} x`,
      secretText,
      `x: &a ${secretText} ${secretText}: y`,
    ];
    for (const text of places) {
      const problems = problemsOf(text);
      expect(problems, text).not.toEqual([]);
      expect(problems.join('\n'), text).not.toContain(secretText);
    }
  });
});
