import type { ToolChoice, ToolDefinition } from '@switchyard/protocol/chat.ts';
import { isJsonObject } from '../../core/json-body.ts';
import type { FieldSource, Refusals } from '../../core/json-fields.ts';
import { isAbsent, readArray, readBoolean, refuse, requireName } from '../../core/json-fields.ts';
import { LIMITS } from '../../core/limits.ts';

export type DecodedTools = { tools: ToolDefinition[]; toolChoice: ToolChoice; parallelToolCalls: boolean };

/**
 * Reads `tools`, `tool_choice` and `parallel_tool_calls`. Only function tools can be offered on every target; others
 * are refused instead of being left out silently. A `tool_choice` without tools means nothing and is ignored.
 * `allowed_tools` becomes the shorter list of tools with its mode.
 */
export function decodeTools(body: FieldSource): DecodedTools {
  for (const old of ['functions', 'function_call']) {
    if (!isAbsent(body.object[old])) {
      refuse(
        body.refusals,
        old,
        'is no longer supported: use tools and tool_choice.',
        'unsupported_parameter',
      );
    }
  }
  const entries = readArray(body, 'tools', LIMITS.toolsMax) ?? [];
  const tools: ToolDefinition[] = [];
  for (const [index, entry] of entries.entries()) {
    const tool = decodeTool(entry, `tools[${index}]`, body.refusals);
    if (tool !== undefined) tools.push(tool);
  }
  const parallelToolCalls = readBoolean(body, 'parallel_tool_calls') ?? true;
  if (tools.length === 0) return { tools, toolChoice: 'auto', parallelToolCalls };
  return { ...decodeToolChoice(body, tools), parallelToolCalls };
}

function decodeTool(entry: unknown, path: string, refusals: Refusals): ToolDefinition | undefined {
  if (!isJsonObject(entry)) return refuse(refusals, path, 'must be an object.');
  const type = entry['type'];
  if (!isAbsent(type) && type !== 'function') {
    return refuse(
      refusals,
      `${path}.type`,
      'only function tools are supported here.',
      'unsupported_parameter',
    );
  }
  const definition = entry['function'];
  if (!isJsonObject(definition)) return refuse(refusals, `${path}.function`, 'must be an object.');
  const source: FieldSource = { object: definition, path: `${path}.function`, refusals };
  const name = requireName(source, 'name', LIMITS.nameMaxChars);
  const strict = readBoolean(source, 'strict');
  const { description, parameters } = definition;
  if (!isAbsent(description) && typeof description !== 'string') {
    return refuse(refusals, `${path}.function.description`, 'must be a string.');
  }
  if (!isAbsent(parameters) && !isJsonObject(parameters)) {
    return refuse(refusals, `${path}.function.parameters`, 'must be an object.');
  }
  if (name === undefined) return undefined;
  return {
    name,
    ...(typeof description === 'string' ? { description } : {}),
    ...(isJsonObject(parameters) ? { parameters } : {}),
    ...(strict === undefined ? {} : { strict }),
  };
}

type Choice = { tools: ToolDefinition[]; toolChoice: ToolChoice };

function decodeToolChoice(body: FieldSource, tools: ToolDefinition[]): Choice {
  const value = body.object['tool_choice'];
  if (isAbsent(value)) return { tools, toolChoice: 'auto' };
  if (isMode(value)) return { tools, toolChoice: value };
  if (isJsonObject(value)) {
    const type = value['type'];
    if (isMode(type)) return { tools, toolChoice: type };
    if (type === 'function') return { tools, toolChoice: decodeForced(value, tools, body.refusals) };
    if (type === 'allowed_tools') return decodeAllowed(value['allowed_tools'] ?? value, tools, body.refusals);
  }
  refuse(body.refusals, 'tool_choice', 'must be none, auto, required, a function or allowed_tools.');
  return { tools, toolChoice: 'auto' };
}

function isMode(value: unknown): value is 'auto' | 'none' | 'required' {
  return value === 'auto' || value === 'none' || value === 'required';
}

function decodeForced(value: unknown, tools: readonly ToolDefinition[], refusals: Refusals): ToolChoice {
  const name = functionName(value);
  if (name !== undefined && tools.some((tool) => tool.name === name)) return { name };
  refuse(refusals, 'tool_choice.function.name', 'must name one of the tools.');
  return 'auto';
}

function decodeAllowed(value: unknown, tools: ToolDefinition[], refusals: Refusals): Choice {
  const path = 'tool_choice.allowed_tools';
  const entries = isJsonObject(value) ? value['tools'] : undefined;
  const mode = isJsonObject(value) ? (value['mode'] ?? 'auto') : undefined;
  if (!Array.isArray(entries) || entries.length > LIMITS.toolsMax) {
    refuse(refusals, `${path}.tools`, `must be an array of at most ${LIMITS.toolsMax} tools.`);
    return { tools, toolChoice: 'auto' };
  }
  if (mode !== 'auto' && mode !== 'required') {
    refuse(refusals, `${path}.mode`, 'must be auto or required.');
    return { tools, toolChoice: 'auto' };
  }
  const names = new Set(entries.map(functionName));
  const allowed = tools.filter((tool) => names.has(tool.name));
  if (allowed.length === 0) refuse(refusals, `${path}.tools`, 'must name at least one of the tools.');
  return { tools: allowed, toolChoice: mode };
}

function functionName(value: unknown): string | undefined {
  const inner = isJsonObject(value) ? value['function'] : undefined;
  const name = isJsonObject(inner) ? inner['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}
