/** What a client of each dialect asks and hears, as far as the chaos run checks it. */
export const SURFACES = ['chat', 'messages', 'responses'] as const;
export type Surface = (typeof SURFACES)[number];

export type Question = {
  surface: Surface;
  model: string;
  prompt: string;
  maxTokens: number;
  isStream: boolean;
};

export function requestOf({ surface, model, prompt, maxTokens, isStream }: Question): {
  path: string;
  body: string;
} {
  const common = { model, temperature: 0, stream: isStream };
  const messages = [{ role: 'user', content: prompt }];
  switch (surface) {
    case 'chat':
      return {
        path: '/v1/chat/completions',
        body: JSON.stringify({ ...common, messages, max_tokens: maxTokens }),
      };
    case 'messages':
      return { path: '/v1/messages', body: JSON.stringify({ ...common, messages, max_tokens: maxTokens }) };
    case 'responses':
      return {
        path: '/v1/responses',
        body: JSON.stringify({ ...common, input: prompt, max_output_tokens: maxTokens, store: false }),
      };
  }
}

/** `isWhole`: the dialect's own last word of a good answer came. `code`: of an error that was told. */
export type Heard = { text: string; isWhole: boolean; code: string | undefined };

/** What stands at a path of names and indexes. Undefined: nothing does. */
function at(value: unknown, ...path: (string | number)[]): unknown {
  let inner = value;
  for (const name of path) {
    if (typeof inner !== 'object' || inner === null) return undefined;
    inner = Object.entries(inner).find(([key]) => key === String(name))?.[1];
  }
  return inner;
}

function textAt(value: unknown, ...path: (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

function listAt(value: unknown, ...path: (string | number)[]): unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** Reads one event of a stream into what was heard so far. */
export function hear(heard: Heard, surface: Surface, data: string): void {
  if (data === '[DONE]') {
    if (surface === 'chat') heard.isWhole = true;
    return;
  }
  const event: unknown = JSON.parse(data);
  const code = textAt(event, 'error', 'code');
  if (code !== '') heard.code = code;
  const type = textAt(event, 'type');
  switch (surface) {
    case 'chat':
      heard.text += textAt(event, 'choices', 0, 'delta', 'content');
      return;
    case 'messages':
      if (type === 'content_block_delta') heard.text += textAt(event, 'delta', 'text');
      if (type === 'message_stop') heard.isWhole = true;
      return;
    case 'responses':
      if (type === 'response.output_text.delta') heard.text += textAt(event, 'delta');
      if (type === 'response.completed' || type === 'response.incomplete') heard.isWhole = true;
      return;
  }
}

/** Reads a whole reply, good or not. */
export function hearAll(surface: Surface, status: number, body: string): Heard {
  const reply: unknown = JSON.parse(body);
  if (status !== 200) {
    const code = textAt(reply, 'error', 'code');
    return { text: '', isWhole: false, code: code === '' ? `status ${status}` : code };
  }
  return { text: textOf(surface, reply), isWhole: true, code: undefined };
}

function textOf(surface: Surface, reply: unknown): string {
  const joined = (parts: unknown[]): string => parts.map((part) => textAt(part, 'text')).join('');
  switch (surface) {
    case 'chat':
      return textAt(reply, 'choices', 0, 'message', 'content');
    case 'messages':
      return joined(listAt(reply, 'content'));
    case 'responses':
      return joined(listAt(reply, 'output').flatMap((item) => listAt(item, 'content')));
  }
}
