import { expect, it } from 'vitest';
import { remembered } from './remembered.ts';

it('makes a text once for each question, and keeps few', () => {
  const made: number[] = [];
  const page = remembered(({ number }: { number: number }) => {
    made.push(number);
    return `page ${number}`;
  });
  for (const number of [1, 2, 1, 2, 1]) expect(page({ number })).toBe(`page ${number}`);
  expect(made).toEqual([1, 2]);
  for (let number = 3; number <= 17; number += 1) page({ number });
  page({ number: 17 });
  expect(made).toHaveLength(17);
  page({ number: 1 });
  expect(made).toHaveLength(18);
});
