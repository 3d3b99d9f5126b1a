import { escapeHtml } from '../core/html.ts';

/** Examples to paste, in the language that a reader chose once. */

export const LANGUAGES = ['curl', 'python', 'typescript'] as const;
export type Language = (typeof LANGUAGES)[number];

const NAMES: Readonly<Record<Language, string>> = {
  curl: 'curl',
  python: 'Python',
  typescript: 'TypeScript',
};

/** Undefined for anything else. */
export function readLanguage(value: unknown): Language | undefined {
  return LANGUAGES.find((language) => language === value);
}

/** Links that choose the language; without script. `path`: of this page. `anchor`: where the reader is on it. */
export function languageLinks(path: string, anchor: string, chosen: Language): string {
  const links = LANGUAGES.map(
    (language) =>
      `<a href="${path}?lang=${language}#${anchor}"${language === chosen ? ' aria-current="true"' : ''}>${NAMES[language]}</a>`,
  );
  return `<p class="languages" role="group" aria-label="Language of the examples">${links.join('')}</p>`;
}

/** Code that a click selects as a whole, because a page without script cannot copy. */
export function codeBlock(code: string, label: string): string {
  return `<pre class="whole" tabindex="0" role="group" aria-label="${escapeHtml(label)}"><code>${escapeHtml(code)}</code></pre>`;
}

export type ExampleRequest = {
  method: 'GET' | 'POST';
  url: string;
  needsKey: boolean;
  body?: object | undefined;
};

/** One request as code. The key comes from the environment. */
export function requestCode(request: ExampleRequest, language: Language): string {
  if (language === 'python') return pythonCode(request);
  return language === 'typescript' ? typescriptCode(request) : curlCode(request);
}

function curlCode({ url, needsKey, body }: ExampleRequest): string {
  const lines = [`curl ${url}`];
  if (needsKey) lines.push('-H "Authorization: Bearer $SWITCHYARD_API_KEY"');
  if (body !== undefined) {
    // A quote within single quotes of a shell.
    const json = JSON.stringify(body).replaceAll("'", String.raw`'\''`);
    lines.push('-H "Content-Type: application/json"', `-d '${json}'`);
  }
  return lines.join(' \\\n  ');
}

function pythonCode({ method, url, needsKey, body }: ExampleRequest): string {
  const header = '{"Authorization": "Bearer " + os.environ["SWITCHYARD_API_KEY"]}';
  const given = [`    "${url}",`];
  if (needsKey) given.push(`    headers=${header},`);
  if (body !== undefined) given.push(`    json=${pythonLiteral(body)},`);
  return [
    ...(needsKey ? ['import os'] : []),
    'import requests',
    '',
    `reply = requests.${method.toLowerCase()}(`,
    ...given,
    ')',
    'print(reply.text)',
  ].join('\n');
}

/** JSON is Python but for three words. */
function pythonLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(
      ([name, field]) => `${JSON.stringify(name)}: ${pythonLiteral(field)}`,
    );
    return `{${fields.join(', ')}}`;
  }
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value);
}

function typescriptCode({ method, url, needsKey, body }: ExampleRequest): string {
  const headers = [
    ...(needsKey ? ['authorization: `Bearer ${process.env.SWITCHYARD_API_KEY}`'] : []),
    ...(body === undefined ? [] : ["'content-type': 'application/json'"]),
  ];
  const lines = [
    ...(method === 'GET' ? [] : [`  method: '${method}',`]),
    ...(headers.length === 0 ? [] : [`  headers: { ${headers.join(', ')} },`]),
    ...(body === undefined ? [] : [`  body: JSON.stringify(${JSON.stringify(body)}),`]),
  ];
  const options = lines.length === 0 ? '' : `, {\n${lines.join('\n')}\n}`;
  return `const reply = await fetch('${url}'${options});\nconsole.log(await reply.text());`;
}

/** The first request with the packages that most people have: OpenAI's own. */
export function firstRequestCode(publicUrl: string, model: string, language: Language): string {
  const messages = [{ role: 'user', content: 'Hello!' }];
  if (language === 'python') {
    return [
      'import os',
      'from openai import OpenAI',
      '',
      `client = OpenAI(base_url="${publicUrl}/v1", api_key=os.environ["SWITCHYARD_API_KEY"])`,
      'answer = client.chat.completions.create(',
      `    model=${JSON.stringify(model)},`,
      `    messages=${pythonLiteral(messages)},`,
      ')',
      'print(answer.choices[0].message.content)',
    ].join('\n');
  }
  if (language === 'typescript') {
    return [
      "import OpenAI from 'openai';",
      '',
      `const client = new OpenAI({ baseURL: '${publicUrl}/v1', apiKey: process.env.SWITCHYARD_API_KEY });`,
      'const answer = await client.chat.completions.create({',
      `  model: ${JSON.stringify(model)},`,
      "  messages: [{ role: 'user', content: 'Hello!' }],",
      '});',
      'console.log(answer.choices[0]?.message.content);',
    ].join('\n');
  }
  const url = `${publicUrl}/v1/chat/completions`;
  return requestCode({ method: 'POST', url, needsKey: true, body: { model, messages } }, 'curl');
}
