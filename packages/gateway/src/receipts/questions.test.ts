import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayText, parseDay } from './days.ts';
import { isRequestId, readReceiptQuestion, readUsageQuestion } from './questions.ts';

const nowMs = Date.UTC(2026, 10, 20, 13, 5);
const caller = { accountId: 'acc_1', accept: undefined, nowMs };
const ID = `req_${'a'.repeat(22)}`;

describe('days', () => {
  it.each(['1970-01-01', '2024-02-29', '2026-11-20', '9999-12-31'])('%s is one', (text) => {
    expect(dayText(parseDay(text) ?? -1)).toBe(text);
  });

  it.each([
    '',
    '2026-11-31',
    '2025-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-1-1',
    '1969-12-31',
    '0000-01-01',
    '2026-11-20T00:00:00Z',
    ' 2026-11-20',
    '２０２６-11-20',
    '+02026-11-20',
  ])('%j is none', (text) => {
    expect(parseDay(text)).toBeUndefined();
  });
});

describe('the query for usage', () => {
  const read = (query: unknown, accept?: string) => readUsageQuestion(query, { ...caller, accept });

  it('means the last thirty days by day when it is empty', () => {
    const today = parseDay('2026-11-20') ?? 0;
    expect(read({})).toEqual({
      ok: true,
      value: {
        question: { accountId: 'acc_1', fromDay: today - 29, toDay: today, groupBy: ['day'] },
        format: 'json',
      },
    });
    expect(read({ to: '1970-01-03' })).toMatchObject({
      ok: true,
      value: { question: { fromDay: 0, toDay: 2 } },
    });
  });

  it('takes ranges up to a leap year, and groups in any order', () => {
    expect(read({ from: '2024-01-01', to: '2024-12-31', group_by: 'key,day' })).toMatchObject({
      ok: true,
      value: { question: { groupBy: ['key', 'day'] } },
    });
    expect(read({ from: '2026-11-20', to: '2026-11-20', group_by: 'day,model,key' })).toMatchObject({
      ok: true,
    });
  });

  it.each<[object, string | undefined, string]>([
    [{}, undefined, 'json'],
    [{}, '*/*', 'json'],
    [{}, 'application/json', 'json'],
    [{}, 'text/csv', 'csv'],
    [{}, 'application/json;q=0.1, Text/CSV; charset=utf-8', 'csv'],
    [{ format: 'json' }, 'text/csv', 'json'],
    [{ format: 'csv' }, 'application/json', 'csv'],
  ])('%j with Accept %s means %s', (query, accept, format) => {
    expect(read(query, accept)).toMatchObject({ ok: true, value: { format } });
  });

  it.each<[object, string | undefined]>([
    [{ from: 'yesterday' }, 'from'],
    [{ from: '' }, 'from'],
    [{ to: '2026-11-31' }, 'to'],
    [{ from: '2026-11-20', to: '2026-11-19' }, 'from'],
    [{ from: '2026-11-21' }, 'from'],
    [{ from: '2024-01-01', to: '2025-01-01' }, 'from'],
    [{ from: '1970-01-01', to: '9999-12-31' }, 'from'],
    [{ from: ['2026-11-01', '2026-11-02'] }, 'from'],
    [{ group_by: '' }, 'group_by'],
    [{ group_by: 'day,day' }, 'group_by'],
    [{ group_by: 'day,' }, 'group_by'],
    [{ group_by: 'day, model' }, 'group_by'],
    [{ group_by: 'account_id' }, 'group_by'],
    [{ group_by: 'day,model,key,day' }, 'group_by'],
    [{ group_by: "day'; DROP TABLE receipt;--" }, 'group_by'],
    [{ format: 'xml' }, 'format'],
    [{ form: '2026-11-01' }, undefined],
    [JSON.parse('{"__proto__":"x"}') as object, undefined],
    [{ constructor: 'x' }, undefined],
  ])('%j is refused, with param %s and without a word of it', (query, param) => {
    const result = read(query);
    expect(result).toMatchObject({ ok: false, error: { code: 'invalid_request' } });
    if (result.ok) return;
    expect(result.error.param).toBe(param);
    expect(result.error.message).not.toMatch(/yesterday|DROP|xml|account_id|11-31/);
  });
});

describe('the query for requests', () => {
  const read = (query: unknown) => readReceiptQuestion(query, 'acc_1');

  it('takes limit, cursor and filters', () => {
    expect(read({})).toEqual({ ok: true, value: { accountId: 'acc_1', limit: 20 } });
    const all = { limit: '100', before: ID, model: 'a/b:c', key: 'key_x1', end: 'tool-calls' };
    expect(read(all)).toEqual({ ok: true, value: { ...all, accountId: 'acc_1', limit: 100 } });
  });

  it.each<[object, string | undefined]>([
    [{ limit: '0' }, 'limit'],
    [{ limit: '101' }, 'limit'],
    [{ limit: '-1' }, 'limit'],
    [{ limit: '1.5' }, 'limit'],
    [{ limit: '1e1' }, 'limit'],
    [{ limit: '' }, 'limit'],
    [{ limit: ['1', '2'] }, 'limit'],
    [{ before: 'req_1' }, 'before'],
    [{ before: `${ID}'` }, 'before'],
    [{ model: '' }, 'model'],
    [{ model: 'x'.repeat(257) }, 'model'],
    [{ key: '' }, 'key'],
    [{ key: 'sk-acme-secret' }, 'key'],
    [{ end: 'done' }, 'end'],
    [{ end: '' }, 'end'],
    [{ account: 'acc_2' }, undefined],
    [{ accountId: 'acc_2' }, undefined],
  ])('%j is refused with param %s', (query, param) => {
    const result = read(query);
    expect(result).toMatchObject({ ok: false, error: { code: 'invalid_request' } });
    if (!result.ok) expect(result.error.param).toBe(param);
  });
});

it('no query makes a reader throw, and none names another account', () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.dictionary(fc.string(), fc.anything())), (query) => {
      const list = readReceiptQuestion(query, 'acc_1');
      if (list.ok) expect(list.value.accountId).toBe('acc_1');
      const usage = readUsageQuestion(query, caller);
      if (usage.ok) expect(usage.value.question.accountId).toBe('acc_1');
    }),
  );
});

it('ids of requests have one shape', () => {
  expect(isRequestId(ID)).toBe(true);
  for (const text of ['', 'req_', `${ID}a`, ID.slice(0, -1), ID.toUpperCase(), `${ID}\n`, ` ${ID}`, 'key_1'])
    expect(isRequestId(text)).toBe(false);
});
