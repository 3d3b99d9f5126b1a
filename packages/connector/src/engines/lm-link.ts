import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isObject, parseJson, textAt } from './json.ts';

/** `remoteModels`: the names of models that are loaded on other machines. `unknown`: nobody could be asked. */
export type LinkStatus =
  | { state: 'off' }
  | { state: 'on'; remoteModels: ReadonlySet<string> }
  | { state: 'unknown' };

const TIMEOUT_MS = 5_000;
const OUTPUT_MAX_BYTES = 1024 * 1024;

/**
 * Asks LM Studio's own program (`lms link status --json`) which machines are linked and what is loaded there.
 * It is run without a shell, from where LM Studio installs it or from the search path.
 * Source: `src/subcommands/link/status.ts` of lmstudio-ai/lms, read 2026-11-21.
 */
export async function readLinkStatus(
  programs: string[] = [join(homedir(), '.lmstudio', 'bin', 'lms'), 'lms'],
): Promise<LinkStatus> {
  for (const program of programs) {
    const output = await run(program);
    if (output !== undefined) return parseLinkStatus(output);
  }
  return { state: 'unknown' };
}

/** Undefined when the program is not there. One that fails gives what it printed. */
function run(program: string): Promise<string | undefined> {
  const limits = { timeout: TIMEOUT_MS, maxBuffer: OUTPUT_MAX_BYTES, windowsHide: true };
  return new Promise((resolve) => {
    execFile(program, ['link', 'status', '--json'], limits, (error, stdout, stderr) => {
      resolve(error?.code === 'ENOENT' ? undefined : `${stdout}${stderr}`);
    });
  });
}

/** Versions before LM Link know no such command and print no JSON: without the link nothing is elsewhere. */
export function parseLinkStatus(output: string): LinkStatus {
  const status = parseJson(output);
  if (!isObject(status)) return /unknown command/iu.test(output) ? { state: 'off' } : { state: 'unknown' };
  const peers = Array.isArray(status.peers) ? status.peers.filter(isObject) : [];
  const linked = peers.filter((peer) => textAt(peer, 'status') === 'connected');
  if (textAt(status, 'status') !== 'online' || linked.length === 0) return { state: 'off' };
  const names = linked.flatMap((peer): unknown[] =>
    Array.isArray(peer.loadedModels) ? peer.loadedModels : [],
  );
  return { state: 'on', remoteModels: new Set(names.filter((name) => typeof name === 'string')) };
}
