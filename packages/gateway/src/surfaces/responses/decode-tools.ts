import type { ToolDefinition } from '@switchyard/protocol/chat.ts';
import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject } from '../../core/json-body.ts';
import type { FieldSource } from '../../core/json-fields.ts';
import { fieldPath, isAbsent, readArray, readBoolean, refuse, requireName } from '../../core/json-fields.ts';
import { LIMITS } from '../../core/limits.ts';
import type { DecodeContext } from './context.ts';
import { countLeftOutTool, countNative } from './context.ts';
import type { ToolIdentity } from './tool-names.ts';

export type OfferedTools = {
  /** By the name that engines know, in the order of the request. */
  definitions: ReadonlyMap<string, ToolDefinition>;
  /** Types of tools that run at a provider, which are left out. */
  hosted: ReadonlySet<string>;
};

type Collected = {
  definitions: Map<string, ToolDefinition>;
  hosted: Set<string>;
  context: DecodeContext;
};

/** `about` is what is said of all tools of a namespace together. It is said with the first, or it would be lost. */
type Namespace = { name: string; about: string };

/**
 * Reads `tools`, and the lists in items of type `additional_tools` with which Codex sends tools for its newest models.
 * Functions go as they are. A namespace becomes flat: each of its tools is offered under a name of its own. A custom
 * tool is offered as a function with one string. All other types run at a provider (web search, files, code) or stand
 * for a client's own search over tools: they are left out, because refusing them would shut out clients that always
 * send them. A tool that is named again is replaced by its newer definition.
 */
export function decodeTools(
  body: FieldSource,
  items: readonly unknown[],
  context: DecodeContext,
): OfferedTools {
  const { refusals } = body;
  const collected: Collected = { definitions: new Map(), hosted: new Set(), context };
  collectTools(body, collected);
  for (const [index, item] of items.entries()) {
    if (!isJsonObject(item) || item['type'] !== 'additional_tools') continue;
    collectTools({ object: item, path: `input[${index}]`, refusals }, collected);
  }
  return collected;
}

/** Reads the member `tools` of the body, of an item or of a namespace. */
function collectTools(source: FieldSource, collected: Collected, namespace?: Namespace): void {
  const entries = readArray(source, 'tools', LIMITS.toolsMax) ?? [];
  for (const [index, entry] of entries.entries()) {
    if (source.refusals.first !== undefined) return;
    const path = `${fieldPath(source, 'tools')}[${index}]`;
    if (!isJsonObject(entry)) {
      refuse(source.refusals, path, 'must be an object.');
      return;
    }
    const tool: FieldSource = { object: entry, path, refusals: source.refusals };
    const type = entry['type'] ?? 'function';
    if (type === 'function') collectFunction(tool, collected, namespace);
    else if (type === 'custom') collectCustom(tool, collected, namespace);
    else if (type === 'namespace' && namespace === undefined) collectNamespace(tool, collected);
    else if (typeof type === 'string') leaveOut(entry, type, collected);
    else refuse(source.refusals, `${path}.type`, 'must be a string.');
  }
}

function leaveOut(tool: JsonObject, type: string, { hosted, context }: Collected): void {
  hosted.add(type);
  countLeftOutTool(context, tool);
}

function collectNamespace(tool: FieldSource, collected: Collected): void {
  const name = requireName(tool, 'name', LIMITS.nameMaxChars);
  if (name === undefined) return;
  const { description } = tool.object;
  collectTools(tool, collected, { name, about: typeof description === 'string' ? description : '' });
}

function collectFunction(tool: FieldSource, collected: Collected, namespace?: Namespace): void {
  const { parameters } = tool.object;
  const strict = readBoolean(tool, 'strict');
  if (!isAbsent(parameters) && !isJsonObject(parameters)) {
    refuse(tool.refusals, fieldPath(tool, 'parameters'), 'must be an object.');
    return;
  }
  define(tool, collected, {
    kind: 'function',
    namespace,
    definition: {
      ...(isJsonObject(parameters) ? { parameters } : {}),
      ...(strict === undefined ? {} : { strict }),
    },
  });
}

function collectCustom(tool: FieldSource, collected: Collected, namespace?: Namespace): void {
  define(tool, collected, {
    kind: 'custom',
    namespace,
    definition: {
      parameters: {
        type: 'object',
        properties: { input: { type: 'string', description: inputDescription(tool.object['format']) } },
        required: ['input'],
        additionalProperties: false,
      },
    },
  });
}

/** No engine can be held to a grammar, but a model can read it. */
function inputDescription(format: unknown): string {
  const text = 'All of the input of this tool, as plain text.';
  if (!isJsonObject(format) || format['type'] !== 'grammar') return text;
  const { syntax, definition } = format;
  if (typeof syntax !== 'string' || typeof definition !== 'string') return text;
  return `${text} It must follow this grammar (${syntax}):\n${definition}`;
}

type NewTool = {
  kind: ToolIdentity['kind'];
  namespace: Namespace | undefined;
  definition: Pick<ToolDefinition, 'parameters' | 'strict'>;
};

function define(tool: FieldSource, collected: Collected, { kind, namespace, definition }: NewTool): void {
  const name = requireName(tool, 'name', LIMITS.nameMaxChars);
  const description = describe(tool, namespace);
  if (name === undefined) return;
  const { context, definitions } = collected;
  const place = namespace === undefined ? {} : { namespace: namespace.name };
  const offered = context.names.offer({ kind, name, ...place });
  countNative(context, tool.object['output_schema']);
  countNative(context, definitions.get(offered));
  definitions.set(offered, { name: offered, ...description, ...definition });
  if (definitions.size > LIMITS.toolsMax) {
    refuse(tool.refusals, 'tools', `must hold at most ${LIMITS.toolsMax} tools.`);
  }
}

function describe(tool: FieldSource, namespace: Namespace | undefined): { description?: string } {
  const { description = '' } = tool.object;
  if (!isAbsent(description) && typeof description !== 'string') {
    refuse(tool.refusals, fieldPath(tool, 'description'), 'must be a string.');
    return {};
  }
  const texts = [namespace?.about ?? '', description ?? ''].filter((text) => text !== '');
  if (namespace !== undefined) namespace.about = '';
  return texts.length === 0 ? {} : { description: texts.join('\n\n') };
}
