import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, YAMLMap, YAMLSeq } from 'yaml';
import { formatPath } from './paths.ts';
import type { Path } from './paths.ts';

/** Counted from 1. */
export type Position = { line: number; column: number };

export type DocumentProblem = {
  path: string;
  position: Position;
  reason: string;
  allowed: string | undefined;
};

export type YamlDocument = {
  /** Plain values. Objects have no prototype, so no key can reach one. Undefined when nothing could be read. */
  value: unknown;
  problems: DocumentProblem[];
  /** Where the key (`key`) or its value begins; the nearest enclosing one where the path itself does not exist. */
  positionOf(path: Path, part: 'key' | 'value'): Position;
  has(path: Path): boolean;
};

/** A configuration of a thousand models has about 500 KB. */
const TEXT_MAX_CHARS = 4 * 1024 * 1024;
const DEPTH_MAX = 32;
/** Values after aliases are expanded: an alias bomb ends here. */
const VALUES_MAX = 200_000;
/** Decimal digits that every double holds: a longer number would not mean what is written. */
const EXACT_DIGITS = 15;

/**
 * Reads YAML 1.2 to plain values and remembers where each one stands. Values never appear in its problems, since any
 * of them may be a secret: the parser's own messages quote the text, so they are replaced by ours.
 */
export function readYaml(text: string): YamlDocument {
  const reader = new Reader();
  if (text.length > TEXT_MAX_CHARS) {
    reader.refuse(
      [],
      0,
      'the file is too large',
      `at most ${TEXT_MAX_CHARS / 1024 / 1024} million characters`,
    );
    return reader.finish(undefined);
  }
  let document: Document.Parsed;
  try {
    document = parseDocument(text, {
      lineCounter: reader.lines,
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: 'error',
    });
  } catch {
    reader.refuse([], 0, 'the file cannot be read as YAML: it may be nested too deeply', undefined);
    return reader.finish(undefined);
  }
  for (const error of document.errors) {
    reader.refuse([], error.pos[0], SYNTAX[error.code] ?? 'is not valid YAML', undefined);
  }
  if (document.errors.length > 0) return reader.finish(undefined);
  for (const warning of document.warnings)
    reader.refuse([], warning.pos[0], SYNTAX[warning.code] ?? 'is not plain YAML', 'no tags');
  return reader.finish(reader.read(document, document.contents, []));
}

class Reader {
  readonly lines = new LineCounter();
  private readonly problems: DocumentProblem[] = [];
  private readonly positions = new Map<string, { key: number; value: number }>();
  private values = 0;

  refuse(path: Path, offset: number, reason: string, allowed: string | undefined): void {
    this.problems.push({ path: formatPath(path), position: this.position(offset), reason, allowed });
  }

  finish(value: unknown): YamlDocument {
    return {
      value,
      problems: this.problems,
      positionOf: (path, part) => {
        for (let length = path.length; length > 0; length--) {
          const found = this.positions.get(JSON.stringify(path.slice(0, length)));
          if (found !== undefined) return this.position(length === path.length ? found[part] : found.key);
        }
        return { line: 1, column: 1 };
      },
      has: (path) => this.positions.has(JSON.stringify(path)),
    };
  }

  read(document: Document.Parsed, node: unknown, path: Path): unknown {
    this.values += 1;
    const offset = offsetOf(node);
    if (this.values > VALUES_MAX || path.length > DEPTH_MAX) {
      if (this.values === VALUES_MAX + 1 || path.length > DEPTH_MAX) {
        this.refuse(path, offset, 'holds too many values, or is nested too deeply', undefined);
      }
      return undefined;
    }
    if (isAlias(node)) return this.read(document, node.resolve(document), path);
    if (isMap(node)) return this.readMap(document, node, path);
    if (isSeq(node)) return this.readList(document, node, path);
    if (isScalar(node)) {
      if (typeof node.value === 'number' && !isExact(node.value, node.source)) {
        this.refuse(
          path,
          offset,
          'has more digits than a number can hold exactly',
          'fewer digits, or the number in quotes',
        );
      }
      return node.value;
    }
    return null;
  }

  private readMap(document: Document.Parsed, map: YAMLMap, path: Path): Record<string, unknown> {
    const result = Object.create(null) as Record<string, unknown>;
    for (const pair of map.items) {
      const keyNode = isAlias(pair.key) ? pair.key.resolve(document) : pair.key;
      const offset = offsetOf(pair.key);
      const key = isScalar(keyNode) ? keyNode.value : undefined;
      if (typeof key !== 'string' || key === '__proto__') {
        this.refuse(path, offset, 'has a key that is not allowed', 'keys are plain text');
        continue;
      }
      const keyPath = [...path, key];
      if (Object.hasOwn(result, key)) {
        const first = this.position(this.positions.get(JSON.stringify(keyPath))?.key ?? 0);
        this.refuse(keyPath, offset, `is given twice; the first is on line ${first.line}`, 'each key once');
        continue;
      }
      const valueOffset = pair.value === null ? offset : offsetOf(pair.value);
      this.positions.set(JSON.stringify(keyPath), { key: offset, value: valueOffset });
      result[key] = pair.value === null ? null : this.read(document, pair.value, keyPath);
    }
    return result;
  }

  private readList(document: Document.Parsed, list: YAMLSeq, path: Path): unknown[] {
    return list.items.map((item, index) => {
      const itemPath = [...path, index];
      const offset = offsetOf(item);
      this.positions.set(JSON.stringify(itemPath), { key: offset, value: offset });
      return this.read(document, item, itemPath);
    });
  }

  private position(offset: number): Position {
    const { line, col } = this.lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

function offsetOf(node: unknown): number {
  const range = (node as { range?: unknown } | null | undefined)?.range;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : 0;
}

/** Whether the double is the number that is written. Spellings other than decimal (0x10) are taken as they are. */
function isExact(value: number, source: string | undefined): boolean {
  const match = /^[-+]?(\d*)(?:\.(\d*))?(?:[eE][-+]?\d+)?$/.exec(source ?? '');
  if (match === null) return true;
  const digits = `${match[1] ?? ''}${match[2] ?? ''}`.replace(/^0+|0+$/g, '');
  return digits.length <= EXACT_DIGITS || (Number.isSafeInteger(value) && match[2] === undefined);
}

/** What the parser's codes mean to a person. */
const SYNTAX: Record<string, string> = {
  ALIAS_PROPS: 'an alias must not have a tag or an anchor',
  BAD_ALIAS: 'an alias (*name) has no anchor (&name) before it',
  BAD_COLLECTION_TYPE: 'a tag does not fit what it stands on',
  BAD_DIRECTIVE: 'a directive (%) is not known',
  BAD_DQ_ESCAPE: 'a text in double quotes has an escape that is not known',
  BAD_INDENT: 'the indentation is not right, or a closing bracket is missing',
  BAD_PROP_ORDER: 'an anchor or tag stands at the wrong place',
  BAD_SCALAR_START: 'a text begins with a character that needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a key and a nested value stand on one line',
  BLOCK_IN_FLOW: 'a block stands inside brackets',
  KEY_OVER_1024_CHARS: 'a key is too long',
  MISSING_CHAR: 'a character is missing: a closing quote, a bracket, a comma or a colon',
  MULTILINE_IMPLICIT_KEY: 'a key goes over several lines; a colon may be missing',
  MULTIPLE_ANCHORS: 'a value has two anchors',
  MULTIPLE_DOCS: 'the file holds several documents (---); one is read',
  MULTIPLE_TAGS: 'a value has two tags',
  RESOURCE_EXHAUSTION: 'the file is nested too deeply or has too many aliases',
  TAB_AS_INDENT: 'a tab is used as indentation; use spaces',
  TAG_RESOLVE_FAILED: 'a tag (!) is not known',
  UNEXPECTED_TOKEN: 'something stands where nothing may stand',
};
