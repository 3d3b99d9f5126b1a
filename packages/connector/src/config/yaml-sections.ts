import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { closestWord } from './closest-word.ts';

/** Something wrong in a file, ready to be shown: `connector.yaml:12: engines[0].slots: must be ...`. */
export type Problem = string;

/** A mapping of the file, with its place and its entries. Values are nodes of the yaml package. */
export type Section = { path: string; line: number; entries: Map<string, { line: number; value: unknown }> };

/** Reads typed values out of a YAML file and collects every problem with its line. Values never get into them. */
export type YamlSections = {
  problems: Problem[];
  root(allowedKeys: readonly string[]): Section | undefined;
  text(section: Section, key: string): string | undefined;
  wholeNumber(section: Section, key: string, range: { min: number; max: number }): number | undefined;
  boolean(section: Section, key: string): boolean | undefined;
  /** The texts and numbers of a list, as texts; at least one. */
  texts(section: Section, key: string): string[] | undefined;
  /** The mappings of a list. */
  sections(section: Section, key: string, allowedKeys: readonly string[]): Section[] | undefined;
  /** Notes a problem at a key's line, or at the section's when the key is not there. */
  problem(section: Section, key: string, reason: string): void;
};

/** Anchors and aliases are refused: a file this small needs none, and they can blow a file up. */
export function readYamlSections(fileName: string, source: string): YamlSections {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, uniqueKeys: true, logLevel: 'silent' });
  const problems: Problem[] = document.errors.map(
    (error) => `${fileName}:${lines.linePos(error.pos[0]).line}: ${firstLine(error.message)}`,
  );

  function lineOf(node: unknown, fallback: number): number {
    const start = isScalar(node) || isMap(node) || isSeq(node) ? node.range?.[0] : undefined;
    return start === undefined ? fallback : lines.linePos(start).line;
  }

  function note(line: number, path: string, reason: string): void {
    problems.push(`${fileName}:${line}: ${path === '' ? '' : `${path}: `}${reason}`);
  }

  function readSection(
    node: unknown,
    place: { path: string; line: number },
    allowedKeys: readonly string[],
  ): Section | undefined {
    if (!isMap(node)) {
      note(place.line, place.path, 'must be a mapping of keys and values');
      return undefined;
    }
    const section: Section = { ...place, line: lineOf(node, place.line), entries: new Map() };
    for (const pair of node.items) {
      const key = isScalar(pair.key) ? String(pair.key.value) : '';
      const line = lineOf(pair.key, section.line);
      if (allowedKeys.includes(key)) section.entries.set(key, { line, value: pair.value });
      else note(line, join(section.path, key.slice(0, 40)), unknownKeyReason(key, allowedKeys));
    }
    return section;
  }

  function problem(section: Section, key: string, reason: string): void {
    note(section.entries.get(key)?.line ?? section.line, join(section.path, key), reason);
  }

  /** The plain value under a key; undefined when it is not there. Anything but a scalar is a problem. */
  function scalar(section: Section, key: string, expected: string): unknown {
    const entry = section.entries.get(key);
    if (entry === undefined) return undefined;
    if (isScalar(entry.value) && entry.value.value !== null) return entry.value.value;
    problem(section, key, `must be ${expected}`);
    return undefined;
  }

  return {
    problems,
    problem,
    root(allowedKeys) {
      if (document.errors.length > 0) return undefined;
      return readSection(document.contents, { path: '', line: 1 }, allowedKeys);
    },
    text(section, key) {
      const value = scalar(section, key, 'a text');
      if (value === undefined) return undefined;
      if (typeof value === 'string' && value !== '') return value;
      problem(section, key, 'must be a text that is not empty; put it in quotes');
      return undefined;
    },
    wholeNumber(section, key, { min, max }) {
      const expected = `a whole number from ${min} to ${max}`;
      const value = scalar(section, key, expected);
      if (value === undefined) return undefined;
      if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
      problem(section, key, `must be ${expected}`);
      return undefined;
    },
    boolean(section, key) {
      const value = scalar(section, key, 'true or false');
      if (value === undefined || typeof value === 'boolean') return value;
      problem(section, key, 'must be true or false');
      return undefined;
    },
    texts(section, key) {
      const entry = section.entries.get(key);
      if (entry === undefined) return undefined;
      const items = isSeq(entry.value) ? entry.value.items : [];
      const texts = items.flatMap((item) => {
        const value = isScalar(item) ? item.value : undefined;
        return (typeof value === 'string' && value !== '') || typeof value === 'number'
          ? [String(value)]
          : [];
      });
      if (texts.length === items.length && texts.length > 0) return texts;
      problem(section, key, 'must be a list of texts such as [nvidia-smi, -pl, "250"]');
      return undefined;
    },
    sections(section, key, allowedKeys) {
      const entry = section.entries.get(key);
      if (entry === undefined) return undefined;
      if (!isSeq(entry.value)) {
        problem(section, key, 'must be a list');
        return undefined;
      }
      return entry.value.items.flatMap((item, index) => {
        const place = { path: `${join(section.path, key)}[${index}]`, line: lineOf(item, entry.line) };
        const read = readSection(item, place, allowedKeys);
        return read === undefined ? [] : [read];
      });
    },
  };
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function unknownKeyReason(key: string, allowedKeys: readonly string[]): string {
  const closest = closestWord(key, allowedKeys);
  if (closest !== undefined) return `unknown key; did you mean ${closest}?`;
  return `unknown key; known here: ${allowedKeys.join(', ')}`;
}

/** The yaml package adds an excerpt of the file, which may hold a token. */
function firstLine(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/u, '');
}
