import { describe, expect, it } from 'vitest';
import { CommandFailure } from './failure.ts';
import { createOutput } from './output.ts';
import { formatRecord, formatTable } from './table.ts';

function capture(json: boolean) {
  const written = { stdout: '', stderr: '' };
  const output = createOutput(
    { stdout: (text) => void (written.stdout += text), stderr: (text) => void (written.stderr += text) },
    json,
  );
  return { output, written };
}

describe('tables', () => {
  it('align columns, numbers to the right, without trailing spaces', () => {
    const table = formatTable(
      [{ title: 'NAME' }, { title: 'COUNT', align: 'right' }, { title: 'X' }],
      [
        ['Zoë 🚀', '5', ''],
        ['a', '1000', 'yes'],
      ],
    );
    expect(table).toBe(['NAME   COUNT  X', 'Zoë 🚀      5', 'a       1000  yes'].join('\n'));
  });

  it('align the names of a record', () => {
    expect(
      formatRecord([
        ['id', '1'],
        ['long name', ''],
      ]),
    ).toBe('id         1\nlong name');
  });
});

describe('output', () => {
  it('writes one JSON document and nothing else with --json', () => {
    const { output, written } = capture(true);
    output.note('by the way');
    output.result({ secret: 's' }, (screen) => screen.secret('key', 's'));
    expect(JSON.parse(written.stdout)).toEqual({ secret: 's' });
    expect(written.stderr).toBe('');
  });

  it('shows a secret on a line of its own and warns that it comes once', () => {
    const { output, written } = capture(false);
    output.result({}, (screen) => screen.secret('key', 'sk-acme-1'));
    expect(written.stdout.split('\n')).toContain('sk-acme-1');
    expect(written.stderr).toContain('only time');
  });

  it('says what to do next after a failure', () => {
    const failure = new CommandFailure('It broke', { hint: 'Try again.', code: 'broken' });
    const people = capture(false);
    people.output.failure(failure);
    expect(people.written).toEqual({ stdout: '', stderr: 'error: It broke\nTry again.\n' });
    const programs = capture(true);
    programs.output.failure(failure);
    expect(JSON.parse(programs.written.stderr)).toEqual({
      error: { code: 'broken', message: 'It broke', hint: 'Try again.' },
    });
  });

  it('lets no name move the cursor or colour the screen', () => {
    const { output, written } = capture(false);
    output.result({}, (screen) => {
      screen.line('a\u001b[2Jb\u0007\rc');
      screen.table([{ title: 'N' }], [['\u001b]0;title\u0007x']], '');
      screen.record([['n', '\u009b31mred']]);
    });
    expect(written.stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});
