import { expect, it } from 'vitest';
import { openConsoleWorld } from './testing-console.ts';
import { documentedRoutes } from './testing-reference.ts';

it('docs/console-api.md lists the routes of the table: copy the text of a failure into it', async () => {
  const world = await openConsoleWorld();
  try {
    const lines = world.table.map(({ method, path, who, fresh }) => {
      const words = [method.padEnd(6), path.replace('/api/console/', '').padEnd(44), who.padEnd(9)];
      return `${words.join(' ')}${fresh ? ' fresh' : ''}`.trimEnd();
    });
    expect(documentedRoutes().join('\n')).toBe(lines.join('\n'));
  } finally {
    await world.close();
  }
});
