/**
 * A small scanner of TypeScript text. It knows comments, strings, templates and regular expressions just well
 * enough to blank them with spaces, so that a rule's pattern does not match inside them. TypeScript 7 has no
 * stable programming interface to ask instead.
 */

type Blanking = { comments: true; strings: boolean };

export function blankComments(text: string): string {
  return scan(text, { comments: true, strings: false });
}

export function blankCommentsAndStrings(text: string): string {
  return scan(text, { comments: true, strings: true });
}

/** A slash starts a regular expression after one of these, and is a division after anything else. */
const beforeRegex =
  /(^|[=(,:;[!&|?{}+\-*%~^<>]|\b(return|typeof|case|of|in|do|else|throw|void|yield|await))\s*$/;

function scan(text: string, blanking: Blanking): string {
  const output = text.split('');
  /** Depth of braces inside each open `${`; the template goes on when its count falls below zero. */
  const templates: number[] = [];
  const blank = (start: number, end: number): void => {
    for (let index = start; index < end; index += 1) if (text[index] !== '\n') output[index] = ' ';
  };
  const blankString = (start: number, end: number): void => {
    if (blanking.strings) blank(start, end);
  };
  let position = 0;
  while (position < text.length) {
    const character = text[position] ?? '';
    const start = position;
    if (text.startsWith('//', position) || (position === 0 && text.startsWith('#!'))) {
      position = endOf(text, position, '\n');
      blank(start, position);
    } else if (text.startsWith('/*', position)) {
      position = endOf(text, position + 2, '*/') + 2;
      blank(start, Math.min(position, text.length));
    } else if (character === "'" || character === '"') {
      position = endOfQuoted(text, position, character);
      blankString(start + 1, position - 1);
    } else if (character === '`' || (character === '}' && templates.at(-1) === 0)) {
      if (character === '}') templates.pop();
      const end = endOfTemplatePart(text, position + 1);
      blankString(start + 1, end);
      const opensExpression = text.startsWith('${', end);
      if (opensExpression) templates.push(0);
      position = end + (opensExpression ? 2 : 1);
    } else if (character === '/' && beforeRegex.test(text.slice(Math.max(0, position - 40), position))) {
      position = endOfRegex(text, position);
      blankString(start + 1, position - 1);
    } else {
      countBrace(templates, character);
      position += 1;
    }
  }
  return output.join('');
}

function countBrace(templates: number[], character: string): void {
  const last = templates.length - 1;
  if (last < 0) return;
  if (character === '{') templates[last] = (templates[last] ?? 0) + 1;
  if (character === '}') templates[last] = (templates[last] ?? 0) - 1;
}

function endOf(text: string, from: number, mark: string): number {
  const index = text.indexOf(mark, from);
  return index === -1 ? text.length : index;
}

/** The index after the closing quote, or the end of the line: an apostrophe in JSX text must not run on. */
function endOfQuoted(text: string, start: number, quote: string): number {
  let position = start + 1;
  while (position < text.length && text[position] !== quote && text[position] !== '\n') {
    position += text[position] === '\\' ? 2 : 1;
  }
  return Math.min(position + 1, text.length);
}

/** The index of the closing back-tick or of the next `${`. */
function endOfTemplatePart(text: string, from: number): number {
  let position = from;
  while (position < text.length && text[position] !== '`' && !text.startsWith('${', position)) {
    position += text[position] === '\\' ? 2 : 1;
  }
  return position;
}

function endOfRegex(text: string, start: number): number {
  let position = start + 1;
  let isInClass = false;
  while (position < text.length && text[position] !== '\n') {
    const character = text[position];
    if (character === '/' && !isInClass) return position + 1;
    if (character === '[') isInClass = true;
    if (character === ']') isInClass = false;
    position += character === '\\' ? 2 : 1;
  }
  return position;
}
