/**
 * `npm run bench:safety`: what the hard line catches, misses and blocks by mistake, as figures and not as a pass mark.
 * Prompts to be caught are pairs of terms of the two lists, written in several ways; those of the lists' own spelling
 * say only that the rule works. Nothing is asserted. `--json` prints the figures for programs, `--show` also each
 * false alarm.
 */
import { parseArgs } from 'node:util';
import { crossesHardLine } from '../../packages/gateway/src/safety/hard-line.ts';
import { MINOR, SEXUAL } from '../../packages/gateway/src/safety/hard-line-terms.ts';
import { BENIGN_PROMPTS } from './benign-prompts.ts';
import { DISGUISES } from './disguises.ts';

/** Every so many-th pair: the whole table would repeat itself. */
const EVERY = 7;

type Figures = {
  caught: { disguise: string; caught: number; of: number }[];
  falseAlarms: { mode: 'without nsfw' | 'with nsfw'; blocked: string[]; of: number }[];
  microsEach: number;
};

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, show: { type: 'boolean', default: false } },
});
const figures = measure();
console.log(options.json ? JSON.stringify(figures) : rendered(figures));

function measure(): Figures {
  const pairs = MINOR.flatMap((minor) => SEXUAL.map((sexual) => `${sexual} ${minor}`));
  const prompts = pairs.filter((_pair, index) => index % EVERY === 0);
  const startMs = performance.now();
  const caught = DISGUISES.map(({ name, change }) => ({
    disguise: name,
    caught: prompts.filter((prompt) => crossesHardLine(change(prompt), { nsfw: false })).length,
    of: prompts.length,
  }));
  const microsEach = ((performance.now() - startMs) * 1_000) / (prompts.length * DISGUISES.length);
  const alarms = (nsfw: boolean) => BENIGN_PROMPTS.filter((prompt) => crossesHardLine(prompt, { nsfw }));
  const of = BENIGN_PROMPTS.length;
  return {
    caught,
    falseAlarms: [
      { mode: 'without nsfw', blocked: alarms(false), of },
      { mode: 'with nsfw', blocked: alarms(true), of },
    ],
    microsEach,
  };
}

function rendered({ caught, falseAlarms, microsEach }: Figures): string {
  const share = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1).padStart(5)} %`;
  return [
    'written as                 caught          missed',
    ...caught.map(
      (row) =>
        `${row.disguise.padEnd(24)} ${String(row.caught).padStart(5)} ${share(row.caught, row.of)} ` +
        `${String(row.of - row.caught).padStart(6)} of ${row.of}`,
    ),
    '',
    'benign prompts blocked by mistake',
    ...falseAlarms.flatMap(({ mode, blocked, of }) => [
      `${mode.padEnd(24)} ${String(blocked.length).padStart(5)} ${share(blocked.length, of)} of ${of}`,
      ...(options.show ? blocked.map((prompt) => `  ${prompt}`) : []),
    ]),
    '',
    `${microsEach.toFixed(1)} µs for one short prompt`,
  ].join('\n');
}
