import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ModelSpeed } from '@switchyard/protocol/link/capabilities.ts';

/** Speeds of models, measured once for each weights and version of an engine. */
export type SpeedCache = {
  get(key: string): ModelSpeed | undefined;
  set(key: string, speed: ModelSpeed): void;
};

const ENTRIES_MAX = 500;
const FILE_MAX_BYTES = 1024 * 1024;
const SPEED_MAX = 1_000_000;

/**
 * A small file of names of engines and models, and numbers. What cannot be read is measured anew; what cannot be
 * written is measured again at the next start, and `onProblem` says so once.
 */
export function openSpeedCache(path: string, onProblem: (message: string) => void): SpeedCache {
  const speeds = read(path);
  let isTold = false;

  function write(): void {
    const text = JSON.stringify({ v: 1, speeds: Object.fromEntries(speeds) }, undefined, 1);
    try {
      mkdirSync(dirname(path), { recursive: true });
      // Two connectors may write at once: each file is whole, the last one stays.
      const scratch = `${path}.${process.pid}`;
      writeFileSync(scratch, `${text}\n`, { mode: 0o600 });
      renameSync(scratch, path);
    } catch (error) {
      if (isTold) return;
      isTold = true;
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
      onProblem(`measured speeds cannot be kept in ${path} (${code})`);
    }
  }

  return {
    get: (key) => speeds.get(key),
    set(key, speed) {
      // Another connector may have written meanwhile.
      for (const [other, known] of read(path)) if (!speeds.has(other)) speeds.set(other, known);
      speeds.delete(key);
      speeds.set(key, speed);
      for (const oldest of speeds.keys()) {
        if (speeds.size <= ENTRIES_MAX) break;
        speeds.delete(oldest);
      }
      write();
    },
  };
}

function read(path: string): Map<string, ModelSpeed> {
  const speeds = new Map<string, ModelSpeed>();
  try {
    if (statSync(path).size > FILE_MAX_BYTES) return speeds;
    const file: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (!isRecord(file) || file.v !== 1 || !isRecord(file.speeds)) return speeds;
    for (const [key, value] of Object.entries(file.speeds)) {
      const speed = readSpeed(value);
      if (speed !== undefined && speeds.size < ENTRIES_MAX) speeds.set(key, speed);
    }
  } catch {
    // No file yet, or none that can be read.
  }
  return speeds;
}

function readSpeed(value: unknown): ModelSpeed | undefined {
  if (!isRecord(value)) return undefined;
  const { promptTokensPerSecond, outputTokensPerSecond } = value;
  if (!isSpeed(promptTokensPerSecond) || !isSpeed(outputTokensPerSecond)) return undefined;
  return { promptTokensPerSecond, outputTokensPerSecond };
}

function isSpeed(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= SPEED_MAX;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
