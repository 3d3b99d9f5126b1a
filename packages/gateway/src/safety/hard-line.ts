import { AGE_UNITS, AGE_WORDS, BOTH, MINOR, SEXUAL } from './hard-line-terms.ts';
import { normalise, type Views } from './normalise.ts';

/**
 * The hard line for pictures: no sexual content about minors, in any mode, and there is no setting that turns it off.
 * True: the prompt is blocked.
 *
 * A rule of two classes instead of a list of words: a sign of a minor and a sign of sex together block, each alone is
 * innocent (a family photo, a medical drawing). Where adult content is allowed, a sign of a minor alone blocks.
 * It stops plain and lightly disguised requests, not a determined adversary.
 */
export function crossesHardLine(prompt: string, { nsfw }: { nsfw: boolean }): boolean {
  const views = normalise(prompt);
  if (finds(views, BOTH_RULE)) return true;
  const isMinor = finds(views, MINOR_RULE) || finds(views, AGE_RULE);
  return isMinor && (nsfw || finds(views, SEXUAL_RULE));
}

/** One set of terms for each view of a prompt. */
type Rule = { plain: RegExp; collapsed: RegExp; spelled: RegExp };

function finds({ spaced, collapsed, spelled, digitsRead }: Views, rule: Rule): boolean {
  return (
    rule.plain.test(spaced) ||
    digitsRead.some((view) => rule.plain.test(view)) ||
    rule.collapsed.test(collapsed) ||
    (spelled !== '' && rule.spelled.test(spelled))
  );
}

/** Shorter terms stand inside innocent words too often to be looked for where the ends of words are lost. */
const SPELLED_MIN_CHARS = 4;

function wordRule(terms: readonly string[]): Rule {
  const spelled = terms
    .map((term) => term.replaceAll(' ', ''))
    .filter((term) => term.length >= SPELLED_MIN_CHARS);
  return { ...ruleOf(` (?:${terms.join('|')}) `), spelled: new RegExp(spelled.join('|'), 'u') };
}

function ruleOf(pattern: string): Omit<Rule, 'spelled'> {
  return {
    plain: new RegExp(pattern, 'u'),
    collapsed: new RegExp(pattern.replaceAll(/([a-z])\1+/g, '$1'), 'u'),
  };
}

const MINOR_RULE = wordRule(MINOR);
const SEXUAL_RULE = wordRule(SEXUAL);
const BOTH_RULE = wordRule(BOTH);
/** `6yo`, `6 years old`, `six year old`, `age 6`, `aged six`: all below 18. */
const AGE = `(?:1[0-7]|0?[0-9]|${AGE_WORDS.join('|')})`;
const NEVER = /(?!)/u;
const AGE_RULE: Rule = {
  ...ruleOf(` (?:${AGE} ?(?:${AGE_UNITS.join('|')})|(?:age|aged|age of) ${AGE}) `),
  spelled: NEVER,
};
