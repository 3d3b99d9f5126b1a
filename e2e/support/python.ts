import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { obtain } from './obtain.ts';

const REQUIREMENTS = 'e2e/python/requirements.txt';
const CONSTRAINTS = 'e2e/python/constraints.txt';

/** The Python of a virtual environment with the packages of e2e/python, or why there is none. */
export async function obtainPython(): Promise<{ program: string } | { missing: string }> {
  const pins = ['-r', join(process.cwd(), REQUIREMENTS), '-c', join(process.cwd(), CONSTRAINTS)];
  const obtained = await obtain(`python-${versionsDigest()}`, (folder) => [
    { program: 'python3', args: ['-m', 'venv', '.'] },
    {
      program: join(folder, 'bin', 'python'),
      args: ['-m', 'pip', 'install', '--quiet', '--only-binary', ':all:', ...pins],
    },
  ]);
  return 'missing' in obtained ? obtained : { program: join(obtained.folder, 'bin', 'python') };
}

/** Other versions get a folder of their own. */
function versionsDigest(): string {
  const hash = createHash('sha256');
  for (const file of [REQUIREMENTS, CONSTRAINTS]) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}
