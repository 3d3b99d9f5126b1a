import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { obtain } from './obtain.ts';

/**
 * The folder of a virtual environment with the packages of a requirements file, or why there is none. `pins` names two
 * files: what is wanted, and the exact versions of everything that it needs in turn.
 */
export async function obtainPython(
  name: string,
  pins: { requirements: string; constraints: string },
): Promise<{ folder: string } | { missing: string }> {
  const files = [pins.requirements, pins.constraints].map((file) => join(process.cwd(), file));
  const [requirements = '', constraints = ''] = files;
  return obtain(`${name}-${digest(files)}`, (folder) => [
    { program: 'python3', args: ['-m', 'venv', '.'] },
    {
      program: join(folder, 'bin', 'python'),
      args: ['-m', 'pip', 'install', '-q', '--only-binary', ':all:', '-r', requirements, '-c', constraints],
    },
  ]);
}

/** The packages of e2e/python. */
export async function obtainPythonClients(): Promise<{ program: string } | { missing: string }> {
  const requirements = 'e2e/python/requirements.txt';
  const obtained = await obtainPython('python', { requirements, constraints: 'e2e/python/constraints.txt' });
  return 'missing' in obtained ? obtained : { program: join(obtained.folder, 'bin', 'python') };
}

/** Other versions get a folder of their own. */
function digest(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}
