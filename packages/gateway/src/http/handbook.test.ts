import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { handbookAddress } from './handbook-nav.ts';
import { openHandbook } from './handbook.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-handbook-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): void {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, `${name}.md`), text);
}

describe('the handbook', () => {
  it('has a page for each file, and none for any other name', () => {
    write('README', '# Start');
    write('clients/curl', '# curl');
    writeFileSync(join(folder, 'secret.txt'), 'no');
    const handbook = openHandbook(folder);
    expect([...handbook.names()].sort()).toEqual(['README', 'clients/curl']);
    for (const name of ['', 'secret.txt', '../README', 'clients/../README', 'README.md', '__proto__'])
      expect(handbook.page(name)).toBeUndefined();
    expect(handbook.page('clients/curl')).toEqual({
      title: 'curl',
      html: '<h1 id="curl">curl</h1>\n',
    });
  });

  it('keeps links within it, and names what is in the repository only', () => {
    write('money', '# Money\n\n## A `b` matrix\n');
    write(
      'clients/curl',
      '[m](../money.md#a-b-matrix) [r](../../README.md) [x](https://example.com) [h](#x)',
    );
    const html = openHandbook(folder).page('clients/curl')?.html;
    expect(html).toContain(
      '<a href="/docs/guide/money#a-b-matrix">m</a> r <a href="https://example.com">x</a>',
    );
    expect(html).toContain('<a href="#x">h</a>');
    expect(openHandbook(folder).page('money')?.html).toContain(
      '<h2 id="a-b-matrix">A <code>b</code> matrix</h2>',
    );
  });

  it('shows what looks like HTML as text, and tables that can be scrolled by keyboard', () => {
    write('README', '<script>1</script> <b>x</b>\n\n```html\n<i>\n```\n\n| a |\n|---|\n| `<b>` |\n');
    const html = openHandbook(folder).page('README')?.html ?? '';
    expect(html).not.toMatch(/<script|<b>|<i>/);
    expect(html).toContain('tabindex="0"><table class="words"><thead><tr><th scope="col">a</th>');
  });

  it('is empty without its folder', () => {
    expect(openHandbook(join(folder, 'gone')).names()).toEqual([]);
  });
});

it('renders every page of this version, and leads to pages that are there', () => {
  const handbook = openHandbook();
  const anchors = new Map(
    handbook.names().map((name) => {
      const html = handbook.page(name)?.html ?? '';
      return [handbookAddress(name), new Set(Array.from(html.matchAll(/ id="([^"]+)"/g), ([, id]) => id))];
    }),
  );
  expect(anchors.size).toBeGreaterThan(20);
  for (const name of handbook.names()) {
    for (const [, address = ''] of (handbook.page(name)?.html ?? '').matchAll(/href="(\/docs[^"]*)"/g)) {
      const [path = '', anchor] = address.split('#');
      expect(anchors.has(path), address).toBe(true);
      if (anchor !== undefined) expect(anchors.get(path)?.has(anchor), `${name}: ${address}`).toBe(true);
    }
  }
});
