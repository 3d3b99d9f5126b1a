import { createHash } from 'node:crypto';

/** A tool as the client knows it. Two tools may share a name when their kind or namespace differs. */
export type ToolIdentity = { kind: 'function' | 'custom'; namespace?: string; name: string };

export type ToolNames = {
  /** The name under which engines know a tool: the same one for each mention of it in a request. */
  offer(tool: ToolIdentity): string;
  /** As `offer`, but only for a tool that was offered before. */
  find(tool: ToolIdentity): string | undefined;
  /** The tool behind a name that an engine called; undefined for a name that was never offered. */
  identify(offered: string): ToolIdentity | undefined;
};

/** Names with other characters or more of them are refused by OpenAI and Anthropic (function names, read 2026-11-20). */
const NAME_MAX_CHARS = 64;
const NOT_IN_NAMES = /[^A-Za-z0-9_-]/g;
const HASH_CHARS = 8;

/**
 * Gives every tool of a request one flat name, and finds the tool behind a name again. Only namespaces need new names:
 * engines know flat lists. The same tools in the same order get the same names in each request, so that a
 * conversation's earlier calls and an engine's prompt cache still fit.
 */
export function createToolNames(): ToolNames {
  const offeredByTool = new Map<string, string>();
  const toolByOffered = new Map<string, ToolIdentity>();
  /** The last number behind each name that was wanted more than once: a body full of such names must not cost more. */
  const lastNumbers = new Map<string, number>();

  function freeName(flat: string): string {
    if (!toolByOffered.has(flat)) return flat;
    let number = lastNumbers.get(flat) ?? 1;
    let name: string;
    do {
      number += 1;
      name = shortened(`${flat}_${number}`);
    } while (toolByOffered.has(name));
    lastNumbers.set(flat, number);
    return name;
  }

  return {
    offer(tool) {
      const key = keyOf(tool);
      const known = offeredByTool.get(key);
      if (known !== undefined) return known;
      const offered = freeName(flatName(tool));
      offeredByTool.set(key, offered);
      toolByOffered.set(offered, tool);
      return offered;
    },
    find: (tool) => offeredByTool.get(keyOf(tool)),
    identify: (offered) => toolByOffered.get(offered),
  };
}

function keyOf({ kind, namespace, name }: ToolIdentity): string {
  return JSON.stringify([kind, namespace ?? null, name]);
}

/** A name without a namespace stays as the client wrote it. */
function flatName({ namespace, name }: ToolIdentity): string {
  if (namespace === undefined) return name;
  return shortened(`${namespace}__${name}`.replace(NOT_IN_NAMES, '_'));
}

/** Long names are cut and end in a hash of all of it, so that two of them stay apart. */
function shortened(name: string): string {
  if (name.length <= NAME_MAX_CHARS) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_CHARS);
  return `${name.slice(0, NAME_MAX_CHARS - HASH_CHARS - 1)}_${hash}`;
}
