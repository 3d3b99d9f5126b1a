import type { ToolChoice, ToolDefinition } from '@switchyard/protocol/chat.ts';
import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject } from '../../core/json-body.ts';
import type { FieldSource } from '../../core/json-fields.ts';
import { isAbsent, refuse } from '../../core/json-fields.ts';
import { LIMITS } from '../../core/limits.ts';
import type { DecodeContext } from './context.ts';
import { countNative, needsNative } from './context.ts';
import type { OfferedTools } from './decode-tools.ts';
import type { ToolIdentity } from './tool-names.ts';

export type ChosenTools = { tools: ToolDefinition[]; toolChoice: ToolChoice };

/**
 * Reads `tool_choice`. A choice without any tools means nothing and is ignored. `allowed_tools` becomes the shorter
 * list of tools with its mode. To force a tool that was left out, only a target of this dialect will do.
 */
export function decodeToolChoice(
  body: FieldSource,
  offered: OfferedTools,
  context: DecodeContext,
): ChosenTools {
  const tools = [...offered.definitions.values()];
  const auto: ChosenTools = { tools, toolChoice: 'auto' };
  const value = body.object['tool_choice'];
  const hasTools = tools.length > 0 || offered.hosted.size > 0;
  if (isAbsent(value) || !hasTools) return auto;
  const mode = isJsonObject(value) ? value['type'] : value;
  if (mode === 'auto' || mode === 'none' || mode === 'required') {
    if (tools.length > 0) return { tools, toolChoice: mode };
    if (mode === 'required') needsNative(context, 'tool_choice');
    return auto;
  }
  if (!isJsonObject(value) || typeof mode !== 'string') {
    refuse(body.refusals, 'tool_choice', 'must be none, auto, required, a tool or allowed_tools.');
    return auto;
  }
  if (mode === 'allowed_tools') return decodeAllowed(value, offered, context);
  if (mode !== 'function' && mode !== 'custom') {
    needsNative(context, 'tool_choice.type');
    return auto;
  }
  const name = offeredName(value, context);
  if (name !== undefined && offered.definitions.has(name)) return { tools, toolChoice: { name } };
  refuse(body.refusals, 'tool_choice.name', 'must name one of the tools.');
  return auto;
}

function decodeAllowed(value: JsonObject, offered: OfferedTools, context: DecodeContext): ChosenTools {
  const { refusals, names } = context;
  const tools = [...offered.definitions.values()];
  const { tools: entries, mode = 'auto' } = value;
  if (!Array.isArray(entries) || entries.length > LIMITS.toolsMax) {
    refuse(refusals, 'tool_choice.tools', `must be an array of at most ${LIMITS.toolsMax} tools.`);
    return { tools, toolChoice: 'auto' };
  }
  if (mode !== 'auto' && mode !== 'required') {
    refuse(refusals, 'tool_choice.mode', 'must be auto or required.');
    return { tools, toolChoice: 'auto' };
  }
  const listed = entries.filter(isJsonObject);
  const allowedNames = new Set(listed.map((entry) => offeredName(entry, context)));
  const namespaces = new Set(
    listed.map((entry) => (entry['type'] === 'namespace' ? entry['name'] : undefined)),
  );
  const allowed = tools.filter(({ name }) => {
    const namespace = names.identify(name)?.namespace;
    return allowedNames.has(name) || (namespace !== undefined && namespaces.has(namespace));
  });
  for (const tool of tools) if (!allowed.includes(tool)) countNative(context, tool);
  if (allowed.length > 0) return { tools: allowed, toolChoice: mode };
  const isHosted = listed.some(({ type }) => typeof type === 'string' && offered.hosted.has(type));
  if (!isHosted) refuse(refusals, 'tool_choice.tools', 'must name at least one of the tools.');
  else if (mode === 'required') needsNative(context, 'tool_choice.tools');
  return { tools: [], toolChoice: 'auto' };
}

/** The name that engines know of a tool in `tool_choice`, if it was offered. */
function offeredName(value: JsonObject, { names }: DecodeContext): string | undefined {
  const { type, name, namespace } = value;
  if ((type !== 'function' && type !== 'custom') || typeof name !== 'string') return undefined;
  const tool: ToolIdentity = { kind: type, name };
  return names.find(typeof namespace === 'string' ? { ...tool, namespace } : tool);
}
