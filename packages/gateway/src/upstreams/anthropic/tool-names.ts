import type { ChatRequest } from '@switchyard/protocol/chat.ts';

/** The API's bound for names of tools: these characters, at most 128 of them. */
const UNSAFE = /[^a-zA-Z0-9_-]/g;
const NAME_MAX_CHARS = 128;

/** Names of tools on their way to the API and back. */
export type ToolNames = { toApi(name: string): string; toClient(name: string): string };

const SAME: ToolNames = { toApi: (name) => name, toClient: (name) => name };

/**
 * Other dialects allow names that this API refuses (`files.read`). Such names go out with `_` for each character that is
 * not allowed, with a number where that makes two alike, and come back as the client wrote them.
 */
export function toolNames(chat: ChatRequest): ToolNames {
  const names = namesIn(chat);
  if (names.every(isSafe)) return SAME;
  const toApi = new Map(names.filter(isSafe).map((name) => [name, name]));
  const toClient = new Map(toApi);
  for (const name of names) {
    if (toApi.has(name)) continue;
    const safe = name.replace(UNSAFE, '_').slice(0, NAME_MAX_CHARS) || '_';
    let unique = safe;
    for (let count = 2; toClient.has(unique); count += 1) {
      const suffix = `_${count}`;
      unique = safe.slice(0, NAME_MAX_CHARS - suffix.length) + suffix;
    }
    toApi.set(name, unique);
    toClient.set(unique, name);
  }
  return {
    toApi: (name) => toApi.get(name) ?? name,
    toClient: (name) => toClient.get(name) ?? name,
  };
}

function isSafe(name: string): boolean {
  return name !== '' && name.length <= NAME_MAX_CHARS && name.search(UNSAFE) === -1;
}

function namesIn({ tools, messages }: ChatRequest): string[] {
  const called = messages.flatMap((message) =>
    message.role === 'assistant'
      ? message.content.flatMap((part) => (part.type === 'tool-call' ? [part.name] : []))
      : [],
  );
  return [...new Set([...tools.map((tool) => tool.name), ...called])];
}
