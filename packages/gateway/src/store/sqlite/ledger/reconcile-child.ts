import { reconcile } from './reconcile.ts';

/** The process of `startReconcileJob`: checks the ledger that its argument names and writes the report as JSON. */
const [path = ''] = process.argv.slice(2);

function check(): object {
  try {
    return { report: reconcile(path) };
  } catch (error) {
    // The code alone: it says what happened, and brings no value with it.
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
    return { failure: typeof code === 'string' ? code : 'the ledger could not be read' };
  }
}

process.stdout.write(JSON.stringify(check()));
