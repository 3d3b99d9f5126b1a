import { describe, expect, it } from 'vitest';
import { executableBits } from './executable-bits.ts';
import { fileSize } from './file-size.ts';
import { forbiddenWords } from './forbidden-words.ts';
import { imageFlags } from './image-flags.ts';
import { nodeVersion } from './node-version.ts';
import { packageFiles } from './package-files.ts';
import { findingsOf, plant } from './plant.ts';

describe('file-size', () => {
  const lines = (count: number): string => 'x;\n'.repeat(count);
  it.each([
    ['packages/web/src/a.ts', 400, undefined],
    ['packages/web/src/a.ts', 401, 'warning'],
    ['packages/web/src/a.tsx', 500, 'warning'],
    ['packages/web/src/a.ts', 501, 'error'],
    ['packages/web/src/a.css', 501, 'error'],
    ['packages/web/src/a.test.ts', 800, undefined],
    ['packages/web/src/a.test.ts', 801, 'error'],
    ['packages/web/src/generated/a.ts', 501, undefined],
    ['docs/a.md', 5_000, undefined],
  ])('%s with %i lines: %s', (path, count, level) => {
    expect(fileSize.check(plant({ [path]: lines(count) })).at(0)?.level).toBe(level);
  });
});

describe('forbidden-words', () => {
  // Joined here for the same reason as in the rule: this file is checked too.
  it.each([
    ['a path of the machine', ['open("/wo', 'rk/x")'], 1],
    ['a scratch path', ['open("/t', 'mp/x")'], 1],
    ['a path below another', ['https://x.example/wo', 'rk/x'], 0],
    ['a registry', ['https://registry.npm', 'js.org/x'], 1],
    ['an unfinished mark', ['// TO', 'DO later'], 1],
    ['a switched-off test', ['it.sk', 'ip("x")'], 1],
    ['a switched-off check', ['// @ts-ig', 'nore'], 1],
    ['ordinary words', ['the work to do, skipped'], 0],
  ])('%s', (_name, pieces, faults) => {
    expect(findingsOf(forbiddenWords, { 'docs/a.md': pieces.join('') })).toHaveLength(faults);
  });
});

describe('executable-bits', () => {
  it('finds both kinds', () => {
    const texts = { 'a.sh': '#!/bin/sh\n', 'b.ts': 'x;\n', 'c.sh': '#!/bin/sh\n', 'd.ts': 'x;\n' };
    const findings = findingsOf(executableBits, texts, ['b.ts', 'c.sh']);
    expect(findings.map((finding) => finding.split(' ')[0])).toEqual(['a.sh', 'b.ts']);
  });
});

describe('package-files', () => {
  const file = (content: object): string => JSON.stringify({ license: 'Apache-2.0', ...content });
  it.each([
    ['exact', { dependencies: { a: '1.2.3', b: '1.2.3-rc.1' } }, 0],
    ['a range', { dependencies: { a: '^1.2.3' } }, 1],
    ['a tag', { devDependencies: { a: 'latest' } }, 1],
    ['a wildcard', { optionalDependencies: { a: '*' } }, 1],
    ['only node may run scripts', { allowScripts: { node: true } }, 0],
    ['another may not', { allowScripts: { node: true, esbuild: true } }, 1],
    ['an install script', { scripts: { postinstall: 'x' } }, 1],
    ['another licence', { license: 'MIT' }, 1],
  ])('%s', (_name, content, faults) => {
    expect(findingsOf(packageFiles, { 'package.json': file(content) })).toHaveLength(faults);
  });

  it('finds two versions of one dependency', () => {
    const findings = findingsOf(packageFiles, {
      'packages/a/package.json': file({ dependencies: { ws: '1.0.0' } }),
      'packages/b/package.json': file({ dependencies: { ws: '1.0.1' } }),
    });
    expect(findings).toEqual(['packages/b/package.json ws 1.0.1: another package here has 1.0.0']);
  });
});

describe('node-version', () => {
  const same = {
    '.node-version': '26.1.0\n',
    'package.json': '{ "devDependencies": { "a": "1.0.0", "node": "26.1.0" } }',
    Dockerfile: 'ARG NODE_VERSION=26.1.0\nFROM x\n',
    'Dockerfile.connector': 'ARG NODE_VERSION=26.1.0\nFROM x\n',
  };
  it('accepts one version', () => {
    expect(findingsOf(nodeVersion, same)).toEqual([]);
  });
  it.each(['package.json', 'Dockerfile', 'Dockerfile.connector'])('finds another version in %s', (path) => {
    const texts = { ...same, [path]: same[path as keyof typeof same].replace('26.1.0', '26.2.0') };
    expect(findingsOf(nodeVersion, texts)).toEqual([`${path} names Node 26.2.0; .node-version says 26.1.0`]);
  });
  it('finds a place without one', () => {
    expect(findingsOf(nodeVersion, { ...same, Dockerfile: 'FROM x\n' })).toHaveLength(1);
  });
});

describe('image-flags', () => {
  const source = "export const v8Flags = ['--one', '--two=2'];\n";
  const image = (flags: string): string => `FROM x\nENTRYPOINT ["node", ${flags}"main.ts"]\n`;
  it.each([
    ['the same ones', image('"--one", "--two=2", '), 0],
    ['one less', image('"--one", '), 1],
    ['another value', image('"--one", "--two=3", '), 1],
    ['none', image(''), 1],
  ])('%s', (_name, Dockerfile, count) => {
    expect(findingsOf(imageFlags, { 'packages/gateway/bin/v8-flags.mjs': source, Dockerfile })).toHaveLength(
      count,
    );
  });
  it('notices when it finds none to compare', () => {
    const files = {
      'packages/gateway/bin/v8-flags.mjs': 'export const v8Flags = f();\n',
      Dockerfile: image(''),
    };
    expect(findingsOf(imageFlags, files)).toHaveLength(1);
  });
});
