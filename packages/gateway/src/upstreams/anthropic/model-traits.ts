/**
 * What a model takes, as far as requests in other dialects need to know. The API answers 400 to a setting that a model
 * does not have, and its models differ in most of them.
 */
export type ModelTraits = {
  /** How it is asked to think: by itself (`adaptive`), with a number of tokens (`budget`), or not at all. */
  thinking: 'adaptive' | 'budget' | 'none';
  /** How it is asked not to: a type of `thinking`, by not asking, or, where it always thinks, by a low effort. */
  thinkingOff: 'disabled' | 'between_tools' | 'absent' | 'low-effort';
  /** It thinks unless it is told not to. */
  thinksByDefault: boolean;
  /** Its thinking comes without text unless `display` asks for it. */
  hidesThinking: boolean;
  /** The types of `thinking` that it takes. */
  thinkingTypes: readonly string[];
  /** The values of `effort` that it takes. Undefined: all. */
  efforts: readonly string[] | undefined;
  /** Messages may have the role `system`. */
  takesSystemTurns: boolean;
  /** `temperature` and `top_p`: both, one of them, or none. */
  sampling: 'any' | 'one' | 'none';
  /** `tool_choice` may demand a call. */
  canForceTools: boolean;
};

const EARLIEST: ModelTraits = {
  thinking: 'none',
  thinkingOff: 'absent',
  thinksByDefault: false,
  hidesThinking: false,
  thinkingTypes: ['disabled'],
  efforts: [],
  takesSystemTurns: false,
  sampling: 'any',
  canForceTools: true,
};
const CLAUDE_3_7: ModelTraits = { ...EARLIEST, thinking: 'budget', thinkingTypes: ['enabled', 'disabled'] };
const CLAUDE_4: ModelTraits = { ...CLAUDE_3_7, sampling: 'one' };
const CLAUDE_4_6: ModelTraits = {
  ...CLAUDE_4,
  thinking: 'adaptive',
  thinkingOff: 'disabled',
  thinkingTypes: ['adaptive', 'enabled', 'disabled'],
  efforts: ['low', 'medium', 'high', 'max'],
};
const CLAUDE_4_7: ModelTraits = {
  ...CLAUDE_4_6,
  hidesThinking: true,
  thinkingTypes: ['adaptive', 'disabled'],
  efforts: undefined,
  sampling: 'none',
};
const CLAUDE_4_8: ModelTraits = { ...CLAUDE_4_7, takesSystemTurns: true };
const CLAUDE_5: ModelTraits = { ...CLAUDE_4_8, thinksByDefault: true };
const SONNET_5: ModelTraits = { ...CLAUDE_5, takesSystemTurns: false };
const SONNET_5_5: ModelTraits = {
  ...CLAUDE_5,
  thinkingOff: 'between_tools',
  thinkingTypes: ['adaptive', 'between_tools'],
  canForceTools: false,
};
const FABLE_5: ModelTraits = { ...CLAUDE_5, thinkingOff: 'low-effort', thinkingTypes: ['adaptive'] };
/** Also what is assumed of models that came later. */
const NEWEST: ModelTraits = { ...FABLE_5, canForceTools: false };

/** Models of others behind this API are asked in its older form, which all copies of it know, and take more by now. */
const NOT_CLAUDE: ModelTraits = {
  ...CLAUDE_3_7,
  thinkingOff: 'disabled',
  thinkingTypes: ['adaptive', 'enabled', 'disabled', 'between_tools'],
  efforts: undefined,
  takesSystemTurns: true,
};

/**
 * Looks a model up by its name: `claude-opus-4-6`, `claude-haiku-4-5-20251001`, `claude-3-7-sonnet-latest`,
 * `anthropic.claude-opus-4-6-v1:0`, `anthropic/claude-opus-4.6`.
 * Source: the thinking, effort and migration pages of the API's documentation, read 2026-11-21.
 */
export function modelTraits(name: string): ModelTraits {
  const found = name.toLowerCase().match(NAME);
  if (found === null) return NOT_CLAUDE;
  const [, before, major, minor, behind] = found;
  const family = before ?? behind ?? '';
  if (major === undefined) return NEWEST;
  const version = Number(major) * 100 + Number(minor ?? 0);
  if (family === 'fable' || family === 'mythos') return version <= 500 ? FABLE_5 : NEWEST;
  if (version >= 505) {
    if (family === 'sonnet') return SONNET_5_5;
    return family === 'haiku' ? CLAUDE_5 : NEWEST;
  }
  if (version >= 500) return family === 'sonnet' ? SONNET_5 : CLAUDE_5;
  if (version >= 408) return CLAUDE_4_8;
  if (version >= 407) return CLAUDE_4_7;
  if (version >= 406) return CLAUDE_4_6;
  if (version >= 400) return CLAUDE_4;
  return version >= 307 ? CLAUDE_3_7 : EARLIEST;
}

/** Family and version, in either order. A date is no version. */
const NAME = /claude(?:-([a-z]+))?(?:-(\d{1,2})(?!\d)(?:[-.](\d{1,2})(?!\d))?)?(?:-([a-z]+))?/;
