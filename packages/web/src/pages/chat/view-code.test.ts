import { describe, expect, it } from 'vitest';
import { SURFACES } from './surfaces.ts';
import { curlCode, pythonCode, typescriptCode, type CodeAsk } from './view-code.ts';

const ask: CodeAsk = {
  publicUrl: 'https://api.example.com',
  surface: SURFACES.chat,
  body: {
    model: 'm',
    stream: true,
    messages: [{ role: 'user', content: "it's", name: null }],
    tools: [],
    picture: `data:image/png;base64,${'A'.repeat(9_000)}`,
  },
};

it('is a shell command that survives quotes', () => {
  expect(curlCode(ask)).toBe(
    [
      'curl -N https://api.example.com/v1/chat/completions \\',
      '  -H "Authorization: Bearer $API_KEY" \\',
      '  -H "Content-Type: application/json" \\',
      "  -d '{",
      '  "model": "m",',
      '  "stream": true,',
      '  "messages": [',
      '    {',
      '      "role": "user",',
      `      "content": "it'\\''s",`,
      '      "name": null',
      '    }',
      '  ],',
      '  "tools": [],',
      '  "picture": "data:image/png;base64,..."',
      "}'",
    ].join('\n'),
  );
});

it('is Python', () => {
  expect(pythonCode(ask)).toBe(
    [
      'import os',
      'from openai import OpenAI',
      '',
      'client = OpenAI(base_url="https://api.example.com/v1", api_key=os.environ["API_KEY"])',
      'stream = client.chat.completions.create(',
      '    model="m",',
      '    stream=True,',
      '    messages=[',
      '        {',
      '            "role": "user",',
      `            "content": "it's",`,
      '            "name": None,',
      '        },',
      '    ],',
      '    tools=[],',
      '    picture="data:image/png;base64,...",',
      ')',
      'for event in stream:',
      '    print(event)',
    ].join('\n'),
  );
});

describe.each([
  ['chat', "baseURL: 'https://api.example.com/v1'", 'client.chat.completions.create'],
  ['responses', "baseURL: 'https://api.example.com/v1'", 'client.responses.create'],
  ['messages', "baseURL: 'https://api.example.com'", 'client.messages.create'],
] as const)('the code for %s', (surface, base, call) => {
  it('names the client, its address and its method, and no key', () => {
    const code = typescriptCode({ ...ask, surface: SURFACES[surface] });
    expect(code).toContain(base);
    expect(code).toContain(call);
    expect(code).toContain('process.env.API_KEY');
  });
});

it('hands on what a package has no name for', () => {
  const cooler = { ...ask, surface: SURFACES.messages, body: { model: 'm', temperature: 0.5, stream: true } };
  expect(pythonCode(cooler)).toContain('    extra_body={\n        "temperature": 0.5,\n    },\n');
  expect(pythonCode(cooler)).not.toContain('temperature=');
  expect(typescriptCode(cooler)).toContain('} as Anthropic.MessageCreateParamsStreaming);');
});
