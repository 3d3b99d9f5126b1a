import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calculate } from './calculator.ts';
import { canGoOn, emptyAnswer, type Answer } from './conversation.ts';
import { readTools, withDemoResults } from './tools.ts';

describe('the calculator', () => {
  it.each([
    ['2 * (3 + 4)', '14'],
    ['-2 ^ 2', '-4'],
    ['2 ^ 3 ^ 2', '512'],
    ['10 - 4 - 3', '3'],
    ['7 % 4 / 2', '1.5'],
    ['1.5e3 + .5', '1500.5'],
    ['6 ÷ 3 × 2', '4'],
    ['12 * 4.35', '52.2'],
    ['0.1 + 0.2', '0.3'],
    ['9007199254740991 * 1', '9007199254740991'],
    ['1 / 0', 'The result is no finite number.'],
    ['', 'This is no arithmetic expression.'],
    ['2 +', 'This is no arithmetic expression.'],
    ['(2', 'This is no arithmetic expression.'],
    ['2 2', 'This is no arithmetic expression.'],
    ['alert(1)', 'This is no arithmetic expression.'],
    ['('.repeat(400), 'This is no arithmetic expression.'],
  ])('%j is %s', (expression, value) => {
    expect(calculate(expression)).toBe(value);
  });

  it('computes sums of products', () => {
    const products = fc.array(fc.array(fc.nat({ max: 100 }), { minLength: 1, maxLength: 4 }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(
        products.filter((all) => all.length < 20),
        (all) => {
          const expected = all.reduce((sum, factors) => sum + factors.reduce((a, b) => a * b, 1), 0);
          expect(calculate(all.map((factors) => factors.join('*')).join(' + '))).toBe(String(expected));
        },
      ),
    );
  });

  it('takes any text', () => {
    fc.assert(fc.property(fc.string(), (text) => void calculate(text)));
  });
});

describe('tools as JSON', () => {
  const parameters = { type: 'object', properties: { city: { type: 'string' } } };

  it('may have the form of any surface', () => {
    const tool = { name: 'f', description: '', parameters };
    expect(readTools(JSON.stringify([tool]))).toEqual({ tools: [tool] });
    expect(readTools(JSON.stringify(tool))).toEqual({ tools: [tool] });
    expect(readTools(JSON.stringify([{ type: 'function', function: tool }]))).toEqual({ tools: [tool] });
    expect(readTools(JSON.stringify([{ name: 'f', input_schema: parameters }]))).toEqual({ tools: [tool] });
    expect(readTools(' ')).toEqual({ tools: [] });
  });

  it.each(['{', '[1]', '[{}]', '[{"name":"a b"}]', '[{"name":"f"},{"name":"f"}]'])(
    '%s is refused',
    (text) => {
      expect(readTools(text).error).toBeTypeOf('string');
    },
  );
});

describe('calls of the tools of this page', () => {
  const answer = (calls: Answer['calls'], end: Answer['end'] = 'whole'): Answer => ({
    ...emptyAnswer(),
    end,
    calls,
  });
  const call = (name: string, input: string) => ({ id: name, name, input, result: undefined });
  const resultsOf = (value: Answer) => withDemoResults(value, 0).calls.map(({ result }) => result);

  it('are run; others wait for a person', () => {
    const calls = [call('calculate', '{"expression":"2+2"}'), call('get_weather', '{}')];
    expect(resultsOf(answer(calls))).toEqual(['4', undefined]);
  });

  it('tell the time of a zone', () => {
    const [utc, zone, none] = resultsOf(
      answer([
        call('get_time', ''),
        call('get_time', '{"timezone":"Asia/Tokyo"}'),
        call('get_time', '{"timezone":"x"}'),
      ]),
    );
    expect(utc).toContain('1 January 1970');
    expect(utc).toContain('00:00:00');
    expect(zone).toContain('09:00:00');
    expect(none).toBe('There is no such time zone.');
  });

  it('of an answer that broke off are not run', () => {
    expect(resultsOf(answer([call('get_time', '')], 'failed'))).toEqual([undefined]);
  });

  it('lead on once all have results', () => {
    const turn = (value: Answer) =>
      canGoOn([{ id: '1', role: 'assistant', surface: 'chat', model: 'm', answer: value }]);
    expect(turn(answer([]))).toBe(false);
    expect(turn(answer([call('a', '')]))).toBe(false);
    expect(turn(answer([{ ...call('a', ''), result: '' }]))).toBe(true);
    expect(turn(answer([{ ...call('a', ''), result: '' }], 'length'))).toBe(false);
  });
});
