import { describe, expect, it, test } from 'vitest';
import { checkJob, createAnswerSample, type Finding, type JobFacts } from './answer-check.ts';
import { countsAgainst, judgeCanary } from './canary-judge.ts';
import { jobsUntilCanary } from './canary-schedule.ts';
import { makeCanary } from './canary.ts';
import { judge, NEW_RECORD, tierOf } from './record.ts';
import { pardoned, type Sanction } from './sanction.ts';
import { NO_SPEEDS, noteSpeed, sizeClassOf, speedCeiling } from './speed.ts';

const verdicts = (marks: string): boolean[] => Array.from(marks, (mark) => mark === '1');

test.each([
  ['', 1],
  ['1111', 1],
  ['0', 0.75],
  ['00', 0.5],
  ['000', 'bad'],
  ['1000', 'bad'],
  ['0001', 0.25],
  ['1010101', 0.25],
  ['0101010', 0.1],
  ['01010101', 'bad'],
  ['11111111110000', 'bad'],
  // 8 of 20 is not more than 40 %, 9 are.
  ['01010101011011011101', 0.2],
  ['01010101011011010101', 'bad'],
  // What is older than 20 verdicts is forgotten.
  [`00${'1'.repeat(20)}`, 1],
] as const)('verdicts %s give %s', (marks, expected) => {
  const judged = judge(verdicts(marks));
  if (expected === 'bad' || judged === 'bad') expect(judged).toBe(expected);
  else expect(judged).toBeCloseTo(expected);
});

const HOUR_MS = 3_600_000;

test.each([
  ['the first jobs', { settledJobs: 9, firstSettledAtMs: 0 }, 'probation'],
  ['enough jobs in enough time', { settledJobs: 10, firstSettledAtMs: 0 }, 'verified'],
  ['enough jobs in too little time', { settledJobs: 10, firstSettledAtMs: 1 }, 'probation'],
  ['no job', {}, 'probation'],
  [
    'three failed tests',
    { settledJobs: 10, firstSettledAtMs: 0, canaries: [false, false, false] },
    'probation',
  ],
  ['one failed test', { settledJobs: 10, firstSettledAtMs: 0, canaries: [false] }, 'verified'],
])('a node with %s', (_what, fields, tier) => {
  const record = { ...NEW_RECORD, ...fields };
  const rules = { jobs: 10, hours: 72 };
  expect(tierOf({ isOperators: false, record }, rules, 72 * HOUR_MS)).toBe(tier);
  expect(tierOf({ isOperators: true, record }, rules, 72 * HOUR_MS)).toBe('operator');
});

test.each([
  [{ nodeId: 'a' }, ['a1', 'a2']],
  [{ fromMs: 20 }, ['a2', 'b1']],
  [{ fromMs: 10, toMs: 20 }, ['a1', 'a2']],
  [{ nodeId: 'a', fromMs: 11, toMs: 30 }, ['a2']],
  [{ nodeId: 'c' }, []],
])('a pardon of %o lifts %o', (whom, ids) => {
  const made = (id: string, atMs: number, fields: Partial<Sanction> = {}): Sanction => ({
    id,
    nodeId: id.charAt(0),
    kind: 'ban',
    reason: 'canaries-failed',
    detail: '',
    atMs,
    expiresAtMs: 1_000,
    liftedAtMs: undefined,
    liftedBecause: undefined,
    ...fields,
  });
  const lifted = made('a3', 25, { liftedAtMs: 26 });
  const over = made('a4', 25, { expiresAtMs: 100 });
  const all = [made('a1', 10), made('a2', 20), made('b1', 30), lifted, over];
  expect(pardoned(all, whom, 100).map(({ id }) => id)).toEqual(ids);
});

test.each([
  [['qwen3-0.6b'], 'tiny'],
  [['qwen3:8b'], 'small'],
  [['Qwen3-14B-Instruct'], 'medium'],
  [['mixtral-8x7b'], 'unknown'],
  [['qwen3-32b-q4'], 'large'],
  [['Llama-3.3-70B-Instruct'], 'huge'],
  // Both names count, and the larger size.
  [['fast', 'llama-3.1-8b'], 'small'],
  [['llama-70b', 'llama-8b'], 'huge'],
  [['gpt-oss', '4bit', 'abc8b'], 'unknown'],
])('the size of %o is %s', (names, size) => {
  expect(sizeClassOf(...names)).toBe(size);
});

describe('the speed ceiling', () => {
  const learned = (perSecond: number, jobs: number) => {
    let counts = NO_SPEEDS;
    for (let at = 0; at < jobs; at += 1) counts = noteSpeed(counts, perSecond);
    return counts;
  };

  it('is the floor of the class until enough jobs of trusted nodes are known, and never below it', () => {
    expect(speedCeiling('small', NO_SPEEDS)).toBe(900);
    expect(speedCeiling('small', learned(2_000, 49))).toBe(900);
    expect(speedCeiling('small', learned(10, 100))).toBe(900);
  });

  it('is twice what trusted nodes reach, and one odd job does not raise it', () => {
    const ceiling = speedCeiling('small', learned(2_000, 200));
    expect(ceiling).toBeGreaterThanOrEqual(4_000);
    expect(ceiling).toBeLessThan(5_000);
    expect(speedCeiling('small', noteSpeed(learned(2_000, 200), 60_000))).toBe(ceiling);
  });

  it('takes no speed that is none', () => {
    for (const odd of [0, -1, NaN]) expect(noteSpeed(NO_SPEEDS, odd)).toBe(NO_SPEEDS);
  });
});

test.each([
  ['echo', { passed: 0, failed: 0 }, true],
  ['recall', { passed: 0, failed: 0 }, false],
  ['tool', { passed: 4, failed: 0 }, false],
  ['tool', { passed: 4, failed: 1 }, true],
  ['tool', { passed: 3, failed: 2 }, false],
  ['echo', { passed: 3, failed: 2 }, false],
] as const)('a failed %s counts when others had %o: %s', (kind, others, counts) => {
  expect(countsAgainst(kind, others)).toBe(counts);
});

const SENTENCE = 'The harbour is quiet in the morning and boats come back with fish before noon. ';

const JOB: JobFacts = {
  finish: 'stop',
  sample: { head: SENTENCE, tail: '' },
  contentParts: 10,
  toolCalls: 0,
  outputTokens: 100,
  ceilingTokens: 420,
  capTokens: 1_000,
  roomTokens: 1_000,
  durationMs: 2_000,
  speedCeiling: 900,
  reportedTokens: 110,
  believedTokens: 112,
};

test.each<[string, Partial<JobFacts>, Finding[]]>([
  ['an ordinary answer', {}, []],
  ['nothing at all', { contentParts: 0, sample: { head: '', tail: '' } }, ['empty']],
  ['no text', { sample: { head: '\ufffd'.repeat(80), tail: '' } }, ['garbage']],
  ['one letter', { sample: { head: 'a'.repeat(80), tail: '' } }, ['garbage']],
  ['a loop at its end', { sample: { head: SENTENCE, tail: SENTENCE.repeat(10) } }, ['repetitive']],
  ['few words', { sample: { head: 'yes no maybe '.repeat(40), tail: '' } }, ['repetitive']],
  ['a short burst', { outputTokens: 60, durationMs: 1 }, []],
  ['more than any card can do', { outputTokens: 100, durationMs: 50 }, ['too-fast']],
  ['twice the tokens', { reportedTokens: 200 }, ['inflated']],
  ['an unknown way of counting', { reportedTokens: undefined }, []],
  ['an end for length with room', { finish: 'length' }, ['finish-mismatch']],
  ['an end for length at the cap', { finish: 'length', capTokens: 100 }, []],
  ['an end for length at the context', { finish: 'length', roomTokens: 100 }, []],
  ['a call that is none', { finish: 'tool-calls' }, ['finish-mismatch']],
  ['a call', { finish: 'tool-calls', toolCalls: 1 }, []],
])('%s', (_what, fields, findings) => {
  expect(checkJob({ ...JOB, ...fields })).toEqual(findings);
});

test('only the ends of an answer are kept, however it is split', () => {
  const text = Array.from({ length: 2_000 }, (_, at) => `word${at} `).join('');
  for (const size of [1, 7, 100_000]) {
    const sample = createAnswerSample();
    for (let at = 0; at < text.length; at += size)
      sample.add([{ type: 'text-delta', text: text.slice(at, at + size) }]);
    expect(sample.text()).toEqual({ head: text.slice(0, 2_000), tail: text.slice(-2_000) });
  }
});

describe('a test job', () => {
  const answer = { text: '', toolNames: [], argumentsText: '', finish: 'stop' as const };
  it.each([
    ['the word', { text: 'It is "Brou-Vanthel".' }, 'passed'],
    ['another word', { text: 'It is plimoth.' }, 'failed'],
    ['nothing', {}, 'failed'],
    ['a cut answer', { text: 'Let me think', finish: 'length' as const }, 'unclear'],
    ['a refusal of the filter', { finish: 'content-filter' as const }, 'unclear'],
  ])('that gets %s', (_what, fields, verdict) => {
    expect(judgeCanary({ words: ['brouvanthel'] }, { ...answer, ...fields })).toBe(verdict);
  });

  it('for a tool proves nothing when the tool is described instead', () => {
    const expected = { words: ['brouvanthel'], tool: 'save_note' };
    expect(judgeCanary(expected, { ...answer, text: 'I would call it.' })).toBe('unclear');
    expect(judgeCanary(expected, { ...answer, toolNames: ['save_note'], argumentsText: '{"key":"x"}' })).toBe(
      'failed',
    );
    const called = { toolNames: ['save_note'], argumentsText: '{"key":"brouvanthel"}' };
    expect(judgeCanary(expected, { ...answer, ...called })).toBe('passed');
  });

  it('has its answer in itself, in nothing that was asked before, and fits the model', () => {
    let seed = 1;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const words = new Set<string>();
    const count = 500;
    for (let at = 0; at < count; at += 1) {
      const { chat, expected, kind } = makeCanary(random, { tools: false, maxOutputTokens: 400 });
      expect(kind).not.toBe('tool');
      expect(chat.maxOutputTokens).toBeLessThanOrEqual(400);
      for (const word of expected.words) {
        expect(JSON.stringify(chat.messages)).toContain(word);
        words.add(word);
      }
    }
    expect(words.size).toBeGreaterThan(count * 0.98);
  });

  it('comes after a random number of jobs, sooner for nodes that are less trusted or suspected', () => {
    const range = (tier: 'probation' | 'verified' | 'operator', isSuspected = false) =>
      [0, 0.999].map((value) => jobsUntilCanary(() => value, { tier, isSuspected }));
    expect(range('probation')).toEqual([5, 15]);
    expect(range('probation', true)).toEqual([1, 4]);
    expect(range('verified')).toEqual([25, 75]);
    expect(range('operator')).toEqual([100, 300]);
  });
});
