import { resolve } from 'node:path';
import type { CommonOptions } from './session.ts';

/** The data folder that a command means: `--data`, else what the configuration says. */
export async function dataFolderOf(options: CommonOptions): Promise<string> {
  if (options.dataDir !== undefined) return resolve(options.dataDir);
  const { loadConfigOrFail } = await import('./load-config.ts');
  return loadConfigOrFail(options).config.data.dir;
}
