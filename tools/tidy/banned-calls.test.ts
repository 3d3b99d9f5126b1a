import { expect, it } from 'vitest';
import { bannedCalls } from './banned-calls.ts';
import { findingsOf } from './plant.ts';

const gateway = 'packages/gateway/src';

const cases: ReadonlyArray<[path: string, text: string, faults: number]> = [
  [`${gateway}/ledger/a.ts`, 'const now = Date.now();', 1],
  [`${gateway}/ledger/a.ts`, 'const now = new Date();', 1],
  [`${gateway}/ledger/a.ts`, 'const day = new Date(nowMs);', 0],
  [`${gateway}/ledger/a.ts`, 'const x = Math.random() + performance.now();', 2],
  [`${gateway}/ledger/a.ts`, 'setTimeout(run, 1);', 1],
  [`${gateway}/ledger/a.ts`, 'socket.setTimeout(1);', 0],
  [`${gateway}/ledger/a.test.ts`, 'setInterval(run, 1);', 1],
  [`${gateway}/ledger/a.ts`, '// Date.now() is banned', 0],
  [`${gateway}/ledger/a.ts`, "const text = 'Date.now()';", 0],
  [`${gateway}/core/clock.ts`, 'const now = Date.now();', 0],
  [`${gateway}/testing/virtual-clock.ts`, 'setTimeout(run, 1);', 0],
  ['packages/connector/src/a.ts', 'const now = Date.now();', 0],
  [`${gateway}/http/a.ts`, 'const { env } = process; process.env.HOME;', 1],
  [`${gateway}/config/a.ts`, 'process.env.HOME;', 0],
  ['packages/connector/src/config.ts', 'process.env.HOME;', 0],
  ['packages/connector/src/config/load.ts', 'process.env.HOME;', 0],
  ['packages/connector/src/other.ts', 'process.env.HOME;', 1],
  [`${gateway}/cli/a.ts`, 'console.log(1);', 1],
  ['tools/a.ts', 'console.log(1);', 0],
  [`${gateway}/http/a.ts`, 'await fetch(url);', 1],
  [`${gateway}/http/a.ts`, 'prefetch(url); client.fetch(url);', 0],
  ['packages/web/src/a.ts', 'await fetch(url);', 0],
  ['packages/web/src/a.ts', 'const a = b as any;', 1],
  ['packages/web/src/a.ts', 'const a: any = b; const c: Array<any> = [];', 2],
  ['packages/web/src/a.ts', 'const a = { any: 1 }; list.any(1);', 0],
  ['bench/a.ts', 'const a = b!.c; d(e!);', 2],
  ['bench/a.ts', 'const a = b !== c && !d;', 0],
];

it.each(cases)('%s: %s', (path, text, faults) => {
  expect(findingsOf(bannedCalls, { [path]: `${text}\n` })).toHaveLength(faults);
});

it('says where and why', () => {
  expect(findingsOf(bannedCalls, { [`${gateway}/cli/a.ts`]: '\n\nconsole.log(1);\n' })).toEqual([
    `${gateway}/cli/a.ts:3 console.: write through the logger, or to process.stdout in a command`,
  ]);
});
