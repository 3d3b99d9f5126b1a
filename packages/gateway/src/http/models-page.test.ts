import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allModels, pageOfModels } from './models-page.ts';

const rows = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id }));

function ids(query: unknown): string {
  const page = pageOfModels(rows, query);
  if (!page.ok) throw new Error(`refused: ${page.error.param}`);
  const { data, has_more, first_id, last_id } = page.value;
  expect([first_id, last_id]).toEqual([data[0]?.id ?? null, data.at(-1)?.id ?? null]);
  return data.map(({ id }) => id).join('') + (has_more ? '+' : '');
}

test('the whole list', () => {
  expect(allModels(rows)).toEqual({
    object: 'list',
    data: rows,
    has_more: false,
    first_id: 'a',
    last_id: 'e',
  });
  expect(allModels([])).toMatchObject({ data: [], first_id: null, last_id: null });
});

test.each([
  [{}, 'abcde'],
  [undefined, 'abcde'],
  [{ beta: 'true' }, 'abcde'],
  [{ limit: '1000' }, 'abcde'],
  [{ limit: '2' }, 'ab+'],
  [{ limit: '5' }, 'abcde'],
  [{ limit: '2', after_id: 'b' }, 'cd+'],
  [{ limit: '2', after_id: 'c' }, 'de'],
  [{ after_id: 'e' }, ''],
  [{ limit: '2', before_id: 'd' }, 'bc+'],
  [{ limit: '2', before_id: 'c' }, 'ab'],
  [{ before_id: 'a' }, ''],
])('%j', (query, expected) => {
  expect(ids(query)).toBe(expected);
});

describe('refused', () => {
  test.each([
    [{ limit: '0' }, 'limit'],
    [{ limit: '1001' }, 'limit'],
    [{ limit: '-1' }, 'limit'],
    [{ limit: '2.5' }, 'limit'],
    [{ limit: '' }, 'limit'],
    [{ limit: ['1', '2'] }, 'limit'],
    [{ limit: '9'.repeat(5_000) }, 'limit'],
    [{ after_id: 'x' }, 'after_id'],
    [{ after_id: '' }, 'after_id'],
    [{ after_id: ['a', 'b'] }, 'after_id'],
    [{ before_id: 'x' }, 'before_id'],
    [{ before_id: '__proto__' }, 'before_id'],
    [{ after_id: 'a', before_id: 'c' }, 'before_id'],
  ])('%j', (query, param) => {
    const page = pageOfModels(rows, query);
    expect(page).toMatchObject({ ok: false, error: { code: 'invalid_request', param } });
  });
});

test('pages of any size, forwards and backwards, give the whole list once', () => {
  fc.assert(
    fc.property(fc.nat(50), fc.integer({ min: 1, max: 60 }), fc.boolean(), (count, limit, backwards) => {
      const all = Array.from({ length: count }, (_, index) => ({ id: `m${index}` }));
      const seen: string[] = [];
      const end = { id: 'end' };
      const list = backwards ? [...all, end] : all;
      for (let edge = backwards ? 'end' : undefined; ;) {
        const cursor = edge === undefined ? {} : backwards ? { before_id: edge } : { after_id: edge };
        const page = pageOfModels(list, { limit: String(limit), ...cursor });
        if (!page.ok) throw new Error('refused');
        const { data, has_more, first_id, last_id } = page.value;
        if (backwards) seen.unshift(...data.map(({ id }) => id));
        else seen.push(...data.map(({ id }) => id));
        if (!has_more) break;
        edge = (backwards ? first_id : last_id) ?? undefined;
      }
      expect(seen).toEqual(all.map(({ id }) => id));
    }),
  );
});
