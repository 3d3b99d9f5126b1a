import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Only these may need Node. */
const NODE_FILES = ['engine.ts', 'worker.ts'];

const folder = new URL('./', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));

test.each(files.filter((name) => !NODE_FILES.includes(name)))('%s runs in a browser', (name) => {
  const source = readFileSync(new URL(name, folder), 'utf8');
  expect(source).not.toMatch(/\bnode:|\bprocess\.|\bBuffer\b|\bsetImmediate\b|\b__dirname\b/);
  const imports = [...source.matchAll(/^import (type )?.*? from '(.*)';$/gms)];
  for (const [, typeOnly, from] of imports) {
    expect(from).toMatch(/^\.\//);
    if (typeOnly === undefined) expect(NODE_FILES).not.toContain(from?.slice(2));
  }
});
