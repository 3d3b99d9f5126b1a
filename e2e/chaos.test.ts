import { afterAll, expect, it } from 'vitest';
import { renderReport } from './chaos/report.ts';
import { runChaos } from './chaos/run.ts';
import { cleanUp } from './support/processes.ts';

afterAll(cleanUp);

it('under killed, frozen, cut, slow and lying nodes every answer is right or says that it is not', async () => {
  const report = await runChaos({ seed: 20, seconds: 30, connectors: 20, clients: 50 });
  console.log(renderReport(report));
  expect(report.problems).toEqual([]);
  const whole = report.exchanges.filter(({ end }) => end === 'whole');
  expect(whole.length).toBeGreaterThan(report.exchanges.length / 2);
  expect(report.failedTries).toBeGreaterThan(0);
}, 300_000);
