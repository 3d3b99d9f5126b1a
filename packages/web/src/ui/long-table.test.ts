import { expect, it } from 'vitest';
import { findRows } from './long-table.tsx';

const ROWS = ['Build server', 'build laptop', 'مرحبا', '<b>'];

it.each([
  ['', ROWS],
  ['  ', ROWS],
  ['BUILD', ['Build server', 'build laptop']],
  ['server bu', ['Build server']],
  ['مر', ['مرحبا']],
  ['<b>', ['<b>']],
  ['.*', []],
])('finds by %j', (question, found) => {
  expect(findRows(ROWS, question, (row) => row)).toEqual(found);
});
