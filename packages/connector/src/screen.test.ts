import { expect, test } from 'vitest';
import { createScreen } from './screen.ts';

const MARKS = new RegExp(String.raw`(\u001b\[\d+F|\u001b\[0J|\n)`, 'u');
const UP = new RegExp(String.raw`^\u001b\[(\d+)F$`, 'u');

/** What a terminal shows after the few marks that the screen writes. */
function createTerminal() {
  let rows: string[] = [''];
  return {
    columns: () => 80,
    write(text: string): void {
      const marks = text.split(MARKS);
      for (const mark of marks) {
        const up = UP.exec(mark);
        if (up !== null) rows = [...rows.slice(0, rows.length - 1 - Number(up[1])), ''];
        else if (mark === '\n') rows.push('');
        else if (mark !== '\u001b[0J') rows[rows.length - 1] += mark;
      }
    },
    shown: () => rows,
  };
}

test('lines go by above a block that stays', () => {
  const terminal = createTerminal();
  const screen = createScreen(terminal);
  screen.line('one');
  screen.draw(['', 'block']);
  screen.line('two');
  expect(terminal.shown()).toEqual(['one', 'two', '', 'block', '']);
  screen.draw(['', 'other', 'and more']);
  screen.line('three');
  screen.draw(['short']);
  expect(terminal.shown()).toEqual(['one', 'two', 'three', 'short', '']);
});

test('an unchanged block is not drawn', () => {
  const written: string[] = [];
  const screen = createScreen({ columns: () => 80, write: (text) => written.push(text) });
  screen.draw(['a']);
  screen.draw(['a']);
  expect(written).toHaveLength(1);
});

test('after the end the last block stays where it is', () => {
  const terminal = createTerminal();
  const screen = createScreen(terminal);
  screen.draw(['block']);
  screen.close();
  screen.draw(['other']);
  screen.line('ended');
  expect(terminal.shown()).toEqual(['block', 'ended', '']);
});
