/** The words within a block of Markdown, as data. Everything that is not read stays the text that it is. */

export type Inline =
  | { kind: 'text' | 'code'; text: string }
  | { kind: 'strong' | 'emphasis'; children: Inline[] }
  | { kind: 'link'; href: string; children: Inline[] };

/** A closing mark is looked for this far, so that hostile text costs no more than its length. */
const SPAN_MAX_CHARS = 2_000;
const DEPTH_MAX = 4;

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
