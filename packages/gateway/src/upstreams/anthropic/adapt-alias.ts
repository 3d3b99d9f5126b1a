import type { AttemptRequest } from '../../core/attempt.ts';
import { arrayElements } from '../../core/json-array.ts';
import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject, tryParseJson } from '../../core/json-body.ts';
import type { MemberEdit, MemberSpan } from '../../core/json-spans.ts';
import { findMember, topLevelMembers } from '../../core/json-spans.ts';
import { modelTraits } from './model-traits.ts';
import { thinkingFields } from './thinking.ts';

/** What a body holds at its top. */
export type BodyView = { body: Buffer; members: readonly MemberSpan[]; read(key: string): unknown };

/**
 * Whether the client calls the model by a name of the operator. It cannot know which model that is then, and agents
 * send what the newest ones take. A client that names the model itself is not helped: it reads the API's own words and
 * may act on them.
 */
export function isAlias({ replyModel, remoteModel }: AttemptRequest): boolean {
  return replyModel !== undefined && replyModel !== remoteModel;
}

const KNOWN_TYPES = new Set<unknown>(['adaptive', 'enabled', 'disabled', 'between_tools']);

/** Says thinking of a kind that the model does not take in the words that it does. */
export function thinkingEdits({ chat, remoteModel }: AttemptRequest, { read }: BodyView): MemberEdit[] {
  const traits = modelTraits(remoteModel);
  const thinking = read('thinking');
  const config = read('output_config');
  const type = isJsonObject(thinking) ? thinking['type'] : undefined;
  const effort = isJsonObject(config) ? config['effort'] : undefined;
  const takesType = !KNOWN_TYPES.has(type) || traits.thinkingTypes.some((taken) => taken === type);
  const takesEffort = typeof effort !== 'string' || (traits.efforts?.includes(effort) ?? true);
  if (takesType && takesEffort) return [];
  const ask = {
    effort: chat.reasoningEffort ?? ('none' as const),
    maxTokens: chat.maxOutputTokens ?? 0,
    mayThink: true,
  };
  return settledThinking(thinkingFields(ask, traits), config);
}

/** `thinking` and `output_config` with these fields; the rest of the latter stays. */
export function settledThinking(fields: ReturnType<typeof thinkingFields>, given: unknown): MemberEdit[] {
  const config: JsonObject = isJsonObject(given) ? { ...given } : {};
  delete config['effort'];
  if (fields.effort !== undefined) config['effort'] = fields.effort;
  const isEmpty = Object.keys(config).length === 0;
  return [
    {
      key: 'thinking',
      value: fields.thinking === undefined ? undefined : JSON.stringify(fields.thinking),
    },
    { key: 'output_config', value: isEmpty ? undefined : JSON.stringify(config) },
  ];
}

const SYSTEM_ROLE = '"system"';

/**
 * Moves turns of the system, which not all models take, behind the texts of `system`, block by block as they were
 * written.
 */
export function systemTurnEdits({ remoteModel }: AttemptRequest, { body, members }: BodyView): MemberEdit[] {
  if (modelTraits(remoteModel).takesSystemTurns) return [];
  const messages = findMember(members, 'messages');
  if (messages === undefined || !body.includes(SYSTEM_ROLE, messages.valueStart)) return [];
  const turns = arrayElements(body, messages.valueStart) ?? [];
  const kept: string[] = [];
  const moved: string[] = [];
  for (const { start, end } of turns) {
    const turn = body.subarray(start, end);
    const content = systemContent(turn);
    if (content === undefined) kept.push(turn.toString());
    else moved.push(...blocksJson(content));
  }
  if (moved.length === 0) return [];
  const system = findMember(members, 'system');
  const before = system === undefined ? [] : blocksJson(body.subarray(system.valueStart, system.valueEnd));
  return [
    { key: 'messages', value: `[${kept.join(',')}]` },
    { key: 'system', value: `[${[...before, ...moved].join(',')}]` },
  ];
}

/** The content of a turn, if it is one of the system. */
function systemContent(turn: Buffer): Buffer | undefined {
  if (!turn.includes(SYSTEM_ROLE)) return undefined;
  const members = topLevelMembers(turn) ?? [];
  const role = findMember(members, 'role');
  const content = findMember(members, 'content');
  if (role === undefined || content === undefined) return undefined;
  if (turn.toString('utf8', role.valueStart, role.valueEnd) !== SYSTEM_ROLE) return undefined;
  return turn.subarray(content.valueStart, content.valueEnd);
}

/** Blocks of a text or of a list of blocks, as JSON text. The API refuses texts without a visible character. */
function blocksJson(content: Buffer): string[] {
  const text = content.toString();
  const value = tryParseJson(text);
  if (typeof value === 'string') return value.trim() === '' ? [] : [`{"type":"text","text":${text}}`];
  const elements = arrayElements(content, 0) ?? [];
  return elements.map(({ start, end }) => content.toString('utf8', start, end));
}
