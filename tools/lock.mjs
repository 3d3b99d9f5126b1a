/** A lock between processes: one file that holds the owner's process id. */
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

const pollMs = 200;
/** An owner writes its id at once; a file that stays empty for longer was left by a crash in between. */
const emptyMaxAgeMs = 5_000;

/**
 * Waits until this process owns `file`. A lock whose process is gone is taken over. `onWait` is called once when
 * another process holds it. Returns `release()`; a crash releases too, since the process id is then gone.
 */
export async function acquireLock(file, onWait) {
  let hasWaited = false;
  while (!tryCreate(file)) {
    if (isStale(file)) {
      removeStale(file);
      continue;
    }
    if (!hasWaited) onWait();
    hasWaited = true;
    await wait(pollMs);
  }
  return { release: () => rmSync(file, { force: true }) };
}

function tryCreate(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function isStale(file) {
  try {
    const owner = Number(readFileSync(file, 'utf8'));
    if (owner > 0) return !isAlive(owner);
    return Date.now() - statSync(file).mtimeMs > emptyMaxAgeMs;
  } catch (error) {
    // Released between the failed creation and this look: try again.
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Moves the file aside before it is deleted: another process may have taken the lock over a moment ago. */
function removeStale(file) {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    if (!isStale(aside)) linkSync(aside, file);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function isAlive(processId) {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
