/** A small part of Markdown, as data: what models write most. Everything else stays the text that it is. */

export type Inline =
  | { kind: 'text' | 'code'; text: string }
  | { kind: 'strong' | 'emphasis'; children: Inline[] }
  | { kind: 'link'; href: string; children: Inline[] };

export type Block =
  | { kind: 'paragraph' | 'heading' | 'quote'; children: Inline[] }
  | { kind: 'code'; language: string; text: string }
  | { kind: 'list'; ordered: boolean; start: number; items: Inline[][] }
  | { kind: 'rule' };

/** A closing mark is looked for this far, so that hostile text costs no more than its length. */
const SPAN_MAX_CHARS = 2_000;
const DEPTH_MAX = 4;

const FENCE = /^ {0,3}(`{3,}|~{3,})([^`]{0,60})$/;
const ITEM = /^ {0,12}(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;
const HEADING = /^ {0,3}#{1,6}\s+(.*)$/;
const QUOTE = /^ {0,3}>\s?(.*)$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;

/** Reads a text into blocks. An open code block goes to the end, so that one that still streams in looks right. */
export function parseMarkdown(text: string): Block[] {
  const lines = text.split(/\r\n|\r|\n/);
  const blocks: Block[] = [];
  let at = 0;
  /** Takes lines as long as they match, and gives what the pattern caught. */
  const takeWhile = (pattern: RegExp): RegExpExecArray[] => {
    const found: RegExpExecArray[] = [];
    for (let match = pattern.exec(lines[at] ?? ''); match !== null; match = pattern.exec(lines[at] ?? '')) {
      found.push(match);
      at += 1;
    }
    return found;
  };
  while (at < lines.length) {
    const line = lines[at] ?? '';
    if (line.trim() === '') {
      at += 1;
    } else if (FENCE.test(line)) {
      const [block, after] = readFence(lines, at);
      blocks.push(block);
      at = after;
    } else if (RULE.test(line)) {
      blocks.push({ kind: 'rule' });
      at += 1;
    } else if (HEADING.test(line)) {
      blocks.push({ kind: 'heading', children: parseInline(HEADING.exec(line)?.[1] ?? '') });
      at += 1;
    } else if (QUOTE.test(line)) {
      const words = takeWhile(QUOTE).map(([, inner = '']) => inner);
      blocks.push({ kind: 'quote', children: parseInline(words.join('\n')) });
    } else if (ITEM.test(line)) {
      const [block, after] = readList(lines, at);
      blocks.push(block);
      at = after;
    } else {
      const end = endOfParagraph(lines, at);
      blocks.push({ kind: 'paragraph', children: parseInline(lines.slice(at, end).join('\n')) });
      at = end;
    }
  }
  return blocks;
}

function readFence(lines: readonly string[], at: number): [block: Block, after: number] {
  const [, fence = '', language = ''] = FENCE.exec(lines[at] ?? '') ?? [];
  const isClosing = (line: string) => line.trim().startsWith(fence) && /^[`~]+$/.test(line.trim());
  let end = at + 1;
  while (end < lines.length && !isClosing(lines[end] ?? '')) end += 1;
  return [{ kind: 'code', language: language.trim(), text: lines.slice(at + 1, end).join('\n') }, end + 1];
}

/** Items of one kind; an indented line goes on with its item. */
function readList(lines: readonly string[], from: number): [block: Block, after: number] {
  const first = ITEM.exec(lines[from] ?? '');
  const ordered = first?.[1] !== undefined;
  const items: string[] = [];
  let at = from;
  for (; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const item = ITEM.exec(line);
    if (item !== null && (item[1] !== undefined) === ordered) items.push(item[2] ?? '');
    else if (item === null && /^ {2,}\S/.test(line) && items.length > 0)
      items.push(`${items.pop() ?? ''}\n${line.trim()}`);
    else break;
  }
  const start = Number(first?.[1] ?? 1);
  return [{ kind: 'list', ordered, start, items: items.map((item) => parseInline(item)) }, at];
}

function endOfParagraph(lines: readonly string[], from: number): number {
  let at = from + 1;
  const ends = [FENCE, RULE, HEADING, QUOTE, ITEM];
  while (at < lines.length) {
    const line = lines[at] ?? '';
    if (line.trim() === '' || ends.some((pattern) => pattern.test(line))) break;
    at += 1;
  }
  return at;
}

/** Reads code, strong, emphasis, links and bare https addresses. */
export function parseInline(text: string, depth = 0): Inline[] {
  const parts: Inline[] = [];
  let plain = '';
  let at = 0;
  while (at < text.length) {
    const span = readSpan(text, at, depth);
    if (span === undefined) {
      plain += text.charAt(at);
      at += 1;
    } else {
      if (plain !== '') parts.push({ kind: 'text', text: plain });
      plain = '';
      parts.push(span.part);
      at = span.after;
    }
  }
  if (plain !== '') parts.push({ kind: 'text', text: plain });
  return parts;
}

type Span = { part: Inline; after: number };

function readSpan(text: string, at: number, depth: number): Span | undefined {
  const mark = text.charAt(at);
  if (mark === '`') return readCode(text, at);
  if (mark === 'h' && text.startsWith('https://', at)) return readAddress(text, at);
  if (depth >= DEPTH_MAX) return undefined;
  if (mark === '[') return readLink(text, at, depth);
  if (mark !== '*' && mark !== '_') return undefined;
  // Inside of a word an underscore is a part of a name.
  if (mark === '_' && /\w/.test(text.charAt(at - 1))) return undefined;
  const isStrong = text.charAt(at + 1) === mark;
  const fence = isStrong ? mark + mark : mark;
  const inner = between(text, at + fence.length, fence);
  if (inner === undefined || inner === '' || /^\s|\s$/.test(inner)) return undefined;
  const children = parseInline(inner, depth + 1);
  const part: Inline = { kind: isStrong ? 'strong' : 'emphasis', children };
  return { part, after: at + inner.length + 2 * fence.length };
}

function readCode(text: string, at: number): Span | undefined {
  const fence = /^`+/.exec(text.slice(at, at + 10))?.[0] ?? '`';
  const inner = between(text, at + fence.length, fence);
  if (inner === undefined || inner === '') return undefined;
  return { part: { kind: 'code', text: inner.trim() }, after: at + inner.length + 2 * fence.length };
}

function readLink(text: string, at: number, depth: number): Span | undefined {
  const label = between(text, at + 1, '](');
  if (label === undefined || label === '' || label.includes('[')) return undefined;
  const target = between(text, at + label.length + 3, ')');
  if (target === undefined || /\s/.test(target)) return undefined;
  const after = at + label.length + target.length + 4;
  const href = safeAddress(target);
  // Where it leads stays visible, it only cannot be pressed.
  if (href === undefined) return { part: { kind: 'text', text: text.slice(at, after) }, after };
  return {
    part: { kind: 'link', href, children: parseInline(label, DEPTH_MAX - (depth > 0 ? 0 : 1)) },
    after,
  };
}

function readAddress(text: string, at: number): Span | undefined {
  const shown = (/^https:\/\/[^\s<>"'`)\]]+/.exec(text.slice(at, at + SPAN_MAX_CHARS))?.[0] ?? '').replace(
    /[.,;:!?*_]+$/,
    '',
  );
  const href = safeAddress(shown);
  if (href === undefined) return undefined;
  return {
    part: { kind: 'link', href, children: [{ kind: 'text', text: shown }] },
    after: at + shown.length,
  };
}

/** Only https, without a name and password that would make it look like another site. */
function safeAddress(text: string): string | undefined {
  if (!text.startsWith('https://') || !URL.canParse(text)) return undefined;
  const { href, username, password } = new URL(text);
  return username === '' && password === '' ? href : undefined;
}

function between(text: string, from: number, closing: string): string | undefined {
  const found = text.slice(from, from + SPAN_MAX_CHARS).indexOf(closing);
  return found < 0 ? undefined : text.slice(from, from + found);
}
