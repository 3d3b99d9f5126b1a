import { parseInline, type Inline } from './markdown-inline.ts';
import { isTableAt, readTable, type Table } from './markdown-table.ts';

/** A small part of Markdown, as data: what models write most. Everything else stays the text that it is. */

export type Block =
  | { kind: 'paragraph' | 'heading' | 'quote'; children: Inline[] }
  | { kind: 'code'; language: string; text: string }
  | { kind: 'list'; ordered: boolean; start: number; items: Block[][] }
  | Table
  | { kind: 'rule' };

/** Lists in lists: what is deeper is text. Each level reads its lines once more, so this bounds the work. */
const LIST_DEPTH_MAX = 6;
/** So much further in than its list, a line belongs to the item above it. */
const ITEM_INDENT = 2;

const FENCE = /^ {0,3}(`{3,}|~{3,})([^`]{0,60})$/;
const ITEM = /^ {0,12}(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;
const HEADING = /^ {0,3}#{1,6}\s+(.*)$/;
const QUOTE = /^ {0,3}>\s?(.*)$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;

/** Reads a text into blocks. An open code block goes to the end, so that one that still streams in looks right. */
export function parseMarkdown(text: string): Block[] {
  return parseLines(text.split(/\r\n|\r|\n/), 0);
}

/** `depth`: in so many lists. */
function parseLines(lines: readonly string[], depth: number): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    if (isBlank(lines[at])) {
      at += 1;
      continue;
    }
    const [block, after] = readBlock(lines, at, depth);
    blocks.push(block);
    at = after;
  }
  return blocks;
}

type Read = [block: Block, after: number];

function readBlock(lines: readonly string[], at: number, depth: number): Read {
  const line = lines[at] ?? '';
  if (FENCE.test(line)) return readFence(lines, at);
  if (RULE.test(line)) return [{ kind: 'rule' }, at + 1];
  if (HEADING.test(line))
    return [{ kind: 'heading', children: parseInline(HEADING.exec(line)?.[1] ?? '') }, at + 1];
  if (QUOTE.test(line)) return readQuote(lines, at);
  if (ITEM.test(line)) return readList(lines, at, depth);
  if (isTableAt(lines, at)) return readTable(lines, at);
  const end = endOfParagraph(lines, at);
  return [{ kind: 'paragraph', children: parseInline(lines.slice(at, end).join('\n')) }, end];
}

function readFence(lines: readonly string[], at: number): Read {
  const [, fence = '', language = ''] = FENCE.exec(lines[at] ?? '') ?? [];
  const isClosing = (line: string) => line.trim().startsWith(fence) && /^[`~]+$/.test(line.trim());
  let end = at + 1;
  while (end < lines.length && !isClosing(lines[end] ?? '')) end += 1;
  return [{ kind: 'code', language: language.trim(), text: lines.slice(at + 1, end).join('\n') }, end + 1];
}

function readQuote(lines: readonly string[], from: number): Read {
  const words: string[] = [];
  let at = from;
  for (let match = QUOTE.exec(lines[at] ?? ''); match !== null; match = QUOTE.exec(lines[at] ?? '')) {
    words.push(match[1] ?? '');
    at += 1;
  }
  return [{ kind: 'quote', children: parseInline(words.join('\n')) }, at];
}

/**
 * Items of one kind. Lines that stand further in belong to the item above them, where they may be a list again, code or a
 * paragraph. Empty lines between items end nothing.
 */
function readList(lines: readonly string[], from: number, depth: number): Read {
  const first = ITEM.exec(lines[from] ?? '');
  const ordered = first?.[1] !== undefined;
  const indent = indentOf(lines[from]);
  const items: Block[][] = [];
  let at = from;
  for (let item = first; item !== null; item = siblingAt(lines, at, { indent, ordered })) {
    const head = nextFilled(lines, at);
    const end = endOfItem(lines, head + 1, indent);
    const content = item[2] ?? '';
    const width = item[0].length - content.length;
    items.push(parseItem([content, ...lines.slice(head + 1, end).map((line) => dedent(line, width))], depth));
    at = end;
  }
  return [{ kind: 'list', ordered, start: Number(first?.[1] ?? 1), items }, at];
}

function parseItem(lines: readonly string[], depth: number): Block[] {
  if (depth + 1 < LIST_DEPTH_MAX) return parseLines(lines, depth + 1);
  const text = lines
    .map((line) => line.trim())
    .join('\n')
    .trim();
  return text === '' ? [] : [{ kind: 'paragraph', children: parseInline(text) }];
}

/** The next item of the same list, after empty lines too. Null: the list has ended. */
function siblingAt(
  lines: readonly string[],
  at: number,
  list: { indent: number; ordered: boolean },
): RegExpExecArray | null {
  const line = lines[nextFilled(lines, at)] ?? '';
  if (RULE.test(line) || indentOf(line) >= list.indent + ITEM_INDENT) return null;
  const item = ITEM.exec(line);
  return item !== null && (item[1] !== undefined) === list.ordered ? item : null;
}

/** Behind the last line that belongs to an item of a list that is so far in. */
function endOfItem(lines: readonly string[], from: number, indent: number): number {
  let end = from;
  for (let at = from; at < lines.length; at = end) {
    const next = nextFilled(lines, at);
    if (next >= lines.length || indentOf(lines[next]) < indent + ITEM_INDENT) break;
    end = next + 1;
  }
  return end;
}

function nextFilled(lines: readonly string[], from: number): number {
  let at = from;
  while (at < lines.length && isBlank(lines[at])) at += 1;
  return at;
}

function isBlank(line = ''): boolean {
  return line.trim() === '';
}

/** A tab counts as four spaces. */
const WIDTHS: Readonly<Record<string, number>> = { ' ': 1, '\t': 4 };

function indentOf(line = ''): number {
  return leadingSpace(line, Number.POSITIVE_INFINITY).width;
}

function dedent(line: string, width: number): string {
  return line.slice(leadingSpace(line, width).chars);
}

/** How much space a line begins with, as far as `most`. */
function leadingSpace(line: string, most: number): { chars: number; width: number } {
  let [chars, width] = [0, 0];
  while (width < most) {
    const step = WIDTHS[line.charAt(chars)];
    if (step === undefined) break;
    chars += 1;
    width += step;
  }
  return { chars, width };
}

function endOfParagraph(lines: readonly string[], from: number): number {
  const ends = [FENCE, RULE, HEADING, QUOTE, ITEM];
  let at = from + 1;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    if (isBlank(line) || ends.some((pattern) => pattern.test(line)) || isTableAt(lines, at)) break;
    at += 1;
  }
  return at;
}
