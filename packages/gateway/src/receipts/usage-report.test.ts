import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_USAGE } from '@switchyard/protocol/usage.ts';
import { micros } from '../core/money.ts';
import { csvText } from './csv.ts';
import { parseDay } from './days.ts';
import type { UsageQuestion, UsageRow } from './reader.ts';
import { usageCsv, usageReport } from './usage-report.ts';

const day = parseDay('2026-11-20') ?? 0;
const question: UsageQuestion = {
  accountId: 'acc_1',
  fromDay: day - 1,
  toDay: day,
  groupBy: ['day', 'model', 'key'],
};
const rows: UsageRow[] = [
  {
    day: day - 1,
    model: '=cmd()',
    key: 'key_1',
    requests: 2,
    usage: {
      ...NO_USAGE,
      inputTokens: 5,
      imageInputTokens: 7,
      cacheReadTokens: 1,
      cacheWriteTokens: 2,
      outputTokens: 3,
    },
    chargedMicros: micros(80_001),
  },
  {
    day,
    model: 'demo',
    key: 'key_2',
    requests: 1,
    usage: { ...NO_USAGE, reasoningTokens: 4 },
    chargedMicros: micros(1),
  },
];
const keyName = (id: string) => (id === 'key_1' ? '-laptop, "big"' : undefined);

describe('a usage report', () => {
  it('has one entry for each group, and the total', () => {
    const report = usageReport(question, rows, keyName);
    expect(report).toMatchObject({
      object: 'usage',
      from: '2026-11-19',
      to: '2026-11-20',
      group_by: ['day', 'model', 'key'],
      data: [
        {
          day: '2026-11-19',
          model: '=cmd()',
          key: 'key_1',
          key_name: '-laptop, "big"',
          requests: 2,
          input_tokens: 5,
          prompt_tokens: 15,
          completion_tokens: 3,
          total_tokens: 18,
          charged: { micros: 80_001, usd: '0.080001', credits: '8.0001' },
        },
        { day: '2026-11-20', key: 'key_2', key_name: '', completion_tokens: 4 },
      ],
      total: {
        requests: 3,
        prompt_tokens: 15,
        completion_tokens: 7,
        total_tokens: 22,
        charged: { micros: 80_002, usd: '0.080002', credits: '8.0002' },
      },
    });
  });

  it('names only the groups that were asked for', () => {
    const [row] = rows;
    if (row === undefined) throw new Error('no row');
    const { model: _, key: __, ...byDay } = row;
    const report = usageReport({ ...question, groupBy: ['day'] }, [byDay], keyName);
    expect(Object.keys(report.data[0] ?? {})).toEqual(expect.arrayContaining(['day', 'requests']));
    expect(report.data[0]).not.toHaveProperty('model');
    expect(report.data[0]).not.toHaveProperty('key_name');
    expect(usageReport(question, [], keyName)).toMatchObject({
      data: [],
      total: { requests: 0, total_tokens: 0, charged: { micros: 0 } },
    });
  });

  it('is written as CSV that no spreadsheet runs', () => {
    expect(usageCsv(usageReport(question, rows, keyName))).toBe(
      [
        'day,model,key,key_name,requests,input_tokens,image_input_tokens,cache_read_tokens,cache_write_tokens,output_tokens,' +
          'reasoning_tokens,charged_micros,charged_usd,charged_credits',
        `2026-11-19,'=cmd(),key_1,"'-laptop, ""big""",2,5,7,1,2,3,0,80001,0.080001,8.0001`,
        '2026-11-20,demo,key_2,,1,0,0,0,0,0,4,1,0.000001,0.0001',
        '',
      ].join('\r\n'),
    );
  });
});

describe('CSV', () => {
  it.each(['=1', '+1', '-1', '@a', '\ta', '\ra', '\na', ' =1', '＝1', '\u3000＠a'])('guards %j', (text) => {
    expect(parseCsv(csvText([[text]]))).toEqual([[`'${text}`]]);
  });

  it('comes back as it was, whatever the cells hold', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 4 }), { maxLength: 4 }),
        (table) => {
          const read = parseCsv(csvText(table));
          expect(read.map((row) => row.map((cell) => cell.replace(/^'(?=[=+\-@\t\r\n])/, '')))).toEqual(
            table.map((row) => row.map((cell) => cell.replace(/^'(?=[=+\-@\t\r\n])/, ''))),
          );
          for (const cell of read.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r\n]/);
        },
      ),
    );
  });
});

/** A plain reader of RFC 4180, made only to check the writer. */
function parseCsv(text: string): string[][] {
  const table: string[][] = [];
  let at = 0;
  while (at < text.length) {
    const row: string[] = [];
    for (;;) {
      let cell = '';
      if (text[at] === '"') {
        at += 1;
        for (; text[at] !== '"' || text[at + 1] === '"'; at += 1) {
          cell += text[at];
          if (text[at] === '"') at += 1;
        }
        at += 1;
      } else {
        while (text[at] !== ',' && text[at] !== '\r') cell += text[at++];
      }
      row.push(cell);
      if (text[at] !== ',') break;
      at += 1;
    }
    expect(text.slice(at, at + 2)).toBe('\r\n');
    at += 2;
    table.push(row);
  }
  return table;
}
