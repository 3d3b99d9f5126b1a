import type { AttemptRequest } from '../../core/attempt.ts';
import { readReasoningEffort } from '../../core/chat-completions/reasoning-effort.ts';
import { tryParseJson } from '../../core/json-body.ts';
import type { MemberEdit, MemberSpan } from '../../core/json-spans.ts';
import { editMembers, findMember, topLevelMembers } from '../../core/json-spans.ts';
import type { Adaptation } from '../shared/refused-settings.ts';

export type MaxTokensField = 'max_tokens' | 'max_completion_tokens';

/**
 * The members of a client's body that go on to an upstream of the same dialect. Everything else stays here: fields that
 * name who asks or keep the request (`user`, `metadata`, `store`, `safety_identifier`, `prompt_cache_retention`), that
 * spend the operator's money or choose another model behind a router (`service_tier`, `web_search_options`,
 * `prediction`, `models`, `provider`, `plugins`), and whatever nobody here knows.
 */
const FORWARDED = [
  'model',
  'messages',
  'stream',
  'temperature',
  'top_p',
  'stop',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'logit_bias',
  'logprobs',
  'top_logprobs',
  'n',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'verbosity',
  'prompt_cache_key',
];

/** What local engines (llama.cpp, vLLM, SGLang, Ollama) and common routers know beyond the specification. */
export const LOCAL_ENGINE_FIELDS: readonly string[] = [
  'cache_prompt',
  'chat_template_kwargs',
  'enable_thinking',
  'grammar',
  'guided_choice',
  'guided_grammar',
  'guided_json',
  'guided_regex',
  'min_p',
  'min_tokens',
  'reasoning',
  'repeat_penalty',
  'repetition_penalty',
  'structured_outputs',
  'thinking',
  'top_k',
  'typical_p',
];

export function forwardedFields(extraFields: readonly string[]): ReadonlySet<string> {
  return new Set([...FORWARDED, ...extraFields]);
}

export type ForwardOptions = {
  fields: ReadonlySet<string>;
  maxTokensField: MaxTokensField;
  /** The upstream keeps answers unless it is told not to. */
  keepsAnswers: boolean;
  /** What the model refuses. */
  adaptation: Adaptation;
};

/**
 * The body for an upstream of the client's own dialect: the client's bytes with the model's name, the output cap, the
 * stream options, the members above and what the model refuses exchanged or taken out, and every other byte as it was.
 * Undefined when the bytes are no JSON object.
 */
export function forwardBody(request: AttemptRequest, options: ForwardOptions): Buffer | undefined {
  const { body } = request.original;
  const members = topLevelMembers(body);
  if (members === undefined) return undefined;
  const { maxTokensField } = options;
  const otherField = maxTokensField === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
  const cap = request.chat.maxOutputTokens;
  const edits: MemberEdit[] = [
    { key: 'model', value: JSON.stringify(request.remoteModel) },
    { key: 'stream', value: String(request.stream) },
    { key: 'stream_options', value: request.stream ? '{"include_usage":true}' : undefined },
    { key: otherField, value: undefined },
    { key: maxTokensField, value: cap === undefined ? undefined : String(cap) },
  ];
  if (options.keepsAnswers) edits.push({ key: 'store', value: 'false' });
  if (request.chat.tools.length === 0) {
    // An empty list, and settings of tools that are not there, are refused by strict services.
    for (const key of ['tools', 'tool_choice', 'parallel_tool_calls']) edits.push({ key, value: undefined });
  }
  edits.push(...effortEdits(request, members));
  for (const [key, value] of options.adaptation.settings) {
    edits.push({ key, value: value === undefined ? undefined : JSON.stringify(value) });
  }
  return editMembers(body, members, { edits, keep: options.fields });
}

/**
 * The client's own word for the effort stays unless a setting of the model overrode it, or the model does not think:
 * then it goes, since services refuse it there.
 */
function effortEdits(request: AttemptRequest, members: readonly MemberSpan[]): MemberEdit[] {
  const effort = request.chat.reasoningEffort;
  if (effort === undefined) return [{ key: 'reasoning_effort', value: undefined }];
  const read = (key: string): unknown => {
    const span = findMember(members, key);
    if (span === undefined) return undefined;
    return tryParseJson(request.original.body.toString('utf8', span.valueStart, span.valueEnd));
  };
  if (readReasoningEffort(read('reasoning_effort')) === effort) return [];
  const reasoning = read('reasoning');
  const isInReasoning =
    typeof reasoning === 'object' &&
    reasoning !== null &&
    'effort' in reasoning &&
    readReasoningEffort(reasoning.effort) === effort;
  if (isInReasoning) return [];
  return [
    { key: 'reasoning_effort', value: JSON.stringify(effort) },
    { key: 'reasoning', value: undefined },
  ];
}
