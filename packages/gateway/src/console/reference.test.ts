import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openConsoleWorld } from './testing-console.ts';

const documentation = readFileSync(new URL('../../../../docs/console-api.md', import.meta.url), 'utf8');

it('docs/console-api.md lists the routes of the table: copy the text of a failure into it', async () => {
  const world = await openConsoleWorld();
  try {
    const lines = world.table.map(({ method, path, who, fresh }) => {
      const words = [method.padEnd(6), path.replace('/api/console/', '').padEnd(44), who.padEnd(9)];
      return `${words.join(' ')}${fresh ? ' fresh' : ''}`.trimEnd();
    });
    const listed = /```text\n(GET {4}session[^`]*)\n```/.exec(documentation)?.[1];
    expect(listed).toBe(lines.join('\n'));
  } finally {
    await world.close();
  }
});
