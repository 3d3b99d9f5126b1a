import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * What looks at pictures in the gateway itself. Switchyard does not bring it along (300 MB and more, measured
 * 2026-11-21); the operator installs it into a folder of its own.
 */
export type LocalClassifierKind = 'nsfwjs' | 'onnx';

/**
 * The packages of each, at the versions that were tried here. Licences, read 2026-11-21 in the packages: nsfwjs and
 * buffer MIT, @tensorflow/* Apache-2.0, onnxruntime-node MIT.
 */
const PACKAGES: Readonly<Record<LocalClassifierKind, Readonly<Record<string, string>>>> = {
  nsfwjs: {
    nsfwjs: '4.4.0',
    '@tensorflow/tfjs': '4.22.0',
    '@tensorflow/tfjs-backend-wasm': '4.22.0',
    buffer: '6.0.3',
  },
  onnx: { 'onnxruntime-node': '1.30.0' },
};

/** `require` as a program in the folder has it. */
export function requireFrom(folder: string): NodeJS.Require {
  return createRequire(join(folder, 'index.js'));
}

/** The command that installs what is needed. No package needs its install script for this. */
export function installCommand(kind: LocalClassifierKind, folder: string): string {
  const packages = Object.entries(PACKAGES[kind]).map(([name, version]) => `${name}@${version}`);
  return `npm install --ignore-scripts --prefix ${folder} ${packages.join(' ')}`;
}

/** Packages that are not in the folder. A folder above it does not count: what runs is what was put there. */
export function missingPackages(kind: LocalClassifierKind, folder: string): string[] {
  return Object.keys(PACKAGES[kind]).filter((name) => !existsSync(join(folder, 'node_modules', name)));
}
