import type { SurfaceId } from './conversation.ts';
import type { Surface } from './surface.ts';

export type CodeAsk = { publicUrl: string; surface: Surface; body: object };

/** The name of the variable that holds the key. No key is ever written. */
const KEY = 'API_KEY';

/** Pictures would hide everything else. */
function shorten(value: unknown): unknown {
  if (typeof value === 'string') {
    const picture = /^data:image\/\w+;base64,/.exec(value)?.[0];
    if (picture !== undefined) return `${picture}...`;
    return value.length > 4_000 && !value.includes(' ') ? '...' : value;
  }
  if (Array.isArray(value)) return value.map(shorten);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shorten(inner)]));
}

export function curlCode({ publicUrl, surface, body }: CodeAsk): string {
  const json = JSON.stringify(shorten(body), null, 2).replaceAll("'", `'\\''`);
  return [
    `curl -N ${publicUrl}${surface.path} \\`,
    `  -H "Authorization: Bearer $${KEY}" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '${json}'`,
  ].join('\n');
}

type Client = {
  python: string;
  typescript: string;
  call: string;
  base: (publicUrl: string) => string;
  /** Fields of the request that the packages do not name. */
  unnamed: readonly string[];
  /** The package's type of a request that streams. */
  type: string;
};

const OPENAI = { python: 'openai', typescript: 'openai', base: (url: string) => `${url}/v1`, unnamed: [] };
const CLIENTS: Readonly<Record<SurfaceId, Client>> = {
  chat: { ...OPENAI, call: 'chat.completions.create', type: 'OpenAI.ChatCompletionCreateParamsStreaming' },
  responses: { ...OPENAI, call: 'responses.create', type: 'OpenAI.Responses.ResponseCreateParamsStreaming' },
  messages: {
    python: 'anthropic',
    typescript: '@anthropic-ai/sdk',
    call: 'messages.create',
    base: (url) => url,
    // Not in anthropic 2.11.0 for Python nor in @anthropic-ai/sdk 1.11.0, read 2026-11-22. Other models take them.
    unnamed: ['temperature', 'top_p'],
    type: 'Anthropic.MessageCreateParamsStreaming',
  },
};

export function pythonCode({ publicUrl, surface, body }: CodeAsk): string {
  const { python, call, base, unnamed } = CLIENTS[surface.id];
  const name = python === 'openai' ? 'OpenAI' : 'Anthropic';
  const [named, others] = split(body, unnamed);
  if (others.length > 0) named.push(['extra_body', Object.fromEntries(others)]);
  const fields = named.map(([key, value]) => `    ${key}=${pythonLiteral(shorten(value), 4)},`);
  return [
    'import os',
    `from ${python} import ${name}`,
    '',
    `client = ${name}(base_url="${base(publicUrl)}", api_key=os.environ["${KEY}"])`,
    `stream = client.${call}(`,
    ...fields,
    ')',
    'for event in stream:',
    '    print(event)',
  ].join('\n');
}

export function typescriptCode({ publicUrl, surface, body }: CodeAsk): string {
  const { typescript, call, base, unnamed, type } = CLIENTS[surface.id];
  const name = typescript === 'openai' ? 'OpenAI' : 'Anthropic';
  const [, others] = split(body, unnamed);
  const request = JSON.stringify(shorten(body), null, 2) + (others.length === 0 ? '' : ` as ${type}`);
  return [
    `import ${name} from '${typescript}';`,
    '',
    `const client = new ${name}({ baseURL: '${base(publicUrl)}', apiKey: process.env.${KEY} });`,
    `const stream = await client.${call}(${request});`,
    'for await (const event of stream) console.log(event);',
  ].join('\n');
}

/** The fields of a request: those that the package names, and the others. */
function split(body: object, unnamed: readonly string[]): [[string, unknown][], [string, unknown][]] {
  const fields: [string, unknown][] = Object.entries(body);
  return [fields.filter(([key]) => !unnamed.includes(key)), fields.filter(([key]) => unnamed.includes(key))];
}

/** JSON as Python writes it. Its texts are JSON's own: every escape of JSON is one of Python, too. */
function pythonLiteral(value: unknown, indent: number): string {
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null || value === undefined) return 'None';
  if (typeof value !== 'object') return JSON.stringify(value);
  const inner = ' '.repeat(indent + 4);
  const [open, close, lines] = Array.isArray(value)
    ? ['[', ']', value.map((item) => pythonLiteral(item, indent + 4))]
    : [
        '{',
        '}',
        Object.entries(value).map(
          ([key, item]) => `${JSON.stringify(key)}: ${pythonLiteral(item, indent + 4)}`,
        ),
      ];
  if (lines.length === 0) return open + close;
  return `${open}\n${lines.map((line) => `${inner}${line},\n`).join('')}${' '.repeat(indent)}${close}`;
}
