import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { codeBlock, firstRequestCode, languageLinks, readLanguage, requestCode } from './code-examples.ts';

const body = { model: "it's", stream: true, stop: null, list: [1, 'a'] };
const ask = { method: 'POST', url: 'https://gateway.example/v1/x', needsKey: true, body } as const;

test('the curl of a body with a quote is what a shell sends', () => {
  const shell = requestCode(ask, 'curl').replace(/^curl /, "printf '%s\\n' ");
  const words = execFileSync('sh', ['-c', shell], { env: { SWITCHYARD_API_KEY: 'sk-a' } })
    .toString()
    .split('\n');
  expect(words).toEqual([
    ask.url,
    '-H',
    'Authorization: Bearer sk-a',
    '-H',
    'Content-Type: application/json',
    '-d',
    JSON.stringify(body),
    '',
  ]);
});

test('Python has its own words for true and null', () => {
  expect(requestCode(ask, 'python')).toContain(
    `json={"model": "it's", "stream": True, "stop": None, "list": [1, "a"]}`,
  );
});

test('a request without key and body has neither', () => {
  const plain = { method: 'GET', url: 'https://gateway.example/healthz', needsKey: false } as const;
  expect(requestCode(plain, 'curl')).toBe('curl https://gateway.example/healthz');
  expect(requestCode(plain, 'typescript')).toBe(
    "const reply = await fetch('https://gateway.example/healthz');\nconsole.log(await reply.text());",
  );
  expect(requestCode(plain, 'python')).not.toContain('os');
});

test.each(['curl', 'python', 'typescript'] as const)(
  'the first request in %s names the address and the model',
  (language) => {
    const code = firstRequestCode('https://gateway.example', 'some-model', language);
    expect(code).toContain('https://gateway.example/v1');
    expect(code).toContain('some-model');
  },
);

test('a language is one of the three or none, and the chosen one is marked', () => {
  expect([readLanguage('python'), readLanguage('__proto__'), readLanguage(undefined)]).toEqual([
    'python',
    undefined,
    undefined,
  ]);
  expect(languageLinks('/docs/api', 'a', 'python')).toContain(
    '<a href="/docs/api?lang=python#a" aria-current="true">Python</a>',
  );
});

test('code is shown as text', () => {
  expect(codeBlock('<script>', 'a "b"')).not.toMatch(/<script|"a "b""/);
});
