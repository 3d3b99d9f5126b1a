/** What a person pastes to make a first request: the same for a new key and for an empty dashboard. */

export type SnippetAsk = {
  /** `https://api.example.com`. */
  publicUrl: string;
  model: string;
  /** The secret, or undefined for the name of the variable that holds it. */
  secret?: string | undefined;
};

export function envSnippet({ publicUrl, secret }: SnippetAsk): string {
  const key = secret ?? 'sk-…';
  return `export OPENAI_BASE_URL=${publicUrl}/v1\nexport OPENAI_API_KEY=${key}`;
}

export function curlSnippet({ publicUrl, model, secret }: SnippetAsk): string {
  return [
    `curl ${publicUrl}/v1/chat/completions \\`,
    `  -H "Authorization: Bearer ${secret ?? '$OPENAI_API_KEY'}" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '{"model":"${model}","messages":[{"role":"user","content":"Hello"}]}'`,
  ].join('\n');
}

export function pythonSnippet({ publicUrl, model, secret }: SnippetAsk): string {
  const key = secret === undefined ? 'os.environ["OPENAI_API_KEY"]' : JSON.stringify(secret);
  return [
    ...(secret === undefined ? ['import os'] : []),
    'from openai import OpenAI',
    '',
    `client = OpenAI(base_url="${publicUrl}/v1", api_key=${key})`,
    'answer = client.chat.completions.create(',
    `    model="${model}",`,
    '    messages=[{"role": "user", "content": "Hello"}],',
    ')',
    'print(answer.choices[0].message.content)',
  ].join('\n');
}

export function typescriptSnippet({ publicUrl, model, secret }: SnippetAsk): string {
  const key = secret === undefined ? 'process.env.OPENAI_API_KEY' : `'${secret}'`;
  return [
    "import OpenAI from 'openai';",
    '',
    `const client = new OpenAI({ baseURL: '${publicUrl}/v1', apiKey: ${key} });`,
    'const answer = await client.chat.completions.create({',
    `  model: '${model}',`,
    "  messages: [{ role: 'user', content: 'Hello' }],",
    '});',
    'console.log(answer.choices[0]?.message.content);',
  ].join('\n');
}
