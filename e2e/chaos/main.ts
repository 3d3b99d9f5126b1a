/** `npm run chaos`: see docs/nodes.md. Ends with 1 when anything was wrong. */
import { parseArgs } from 'node:util';
import { cleanUp } from '../support/processes.ts';
import { renderReport } from './report.ts';
import { runChaos } from './run.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    minutes: { type: 'string', default: '10' },
    connectors: { type: 'string', default: '20' },
    clients: { type: 'string', default: '50' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log('npm run chaos -- [--seed N] [--minutes 10] [--connectors 20] [--clients 50]');
} else {
  const options = {
    seed: Number(values.seed),
    seconds: Number(values.minutes) * 60,
    connectors: Number(values.connectors),
    clients: Number(values.clients),
  };
  console.log(`seed ${options.seed}: ${options.connectors} connectors, ${options.clients} clients`);
  try {
    const report = await runChaos(options);
    console.log(renderReport(report));
    process.exitCode = report.problems.length === 0 ? 0 : 1;
  } finally {
    await cleanUp();
  }
}
