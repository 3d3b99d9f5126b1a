import { existsSync } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import { createHttpClassifier } from './http-classifier.ts';
import { createLocalClassifier, startClassifierWorker } from './local/local-classifier.ts';
import { installCommand, missingPackages } from './local/packages.ts';
import type { OnnxModel } from './local/scorer.ts';
import type { OutputClassifier } from './output-classifier.ts';

export type ClassifierSettings = {
  /** For one picture. */
  timeoutMs: number;
} & (
  | { kind: 'http'; url: string; token: { reveal(): string } | undefined }
  | { kind: 'nsfwjs'; folder: string }
  | { kind: 'onnx'; folder: string; onnx: OnnxModel }
);

export type RunningClassifier = { classifier: OutputClassifier | undefined; close(): Promise<void> };

/** The configuration names a classifier whose parts are not there. `hint` says how to get them. */
export class ClassifierMissingError extends Error {
  override readonly name = 'ClassifierMissingError';
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/**
 * What the configuration says. Throws `ClassifierMissingError` when its packages or its file are missing: at the start,
 * not with the first picture. `onFailure` hears of a thread that ended; pictures are kept back meanwhile.
 */
export function createClassifier(
  settings: ClassifierSettings | undefined,
  deps: { clock: Clock; onFailure(error: Error): void },
): RunningClassifier {
  if (settings === undefined || settings.kind === 'http') {
    const classifier = settings === undefined ? undefined : createHttpClassifier(settings);
    return { classifier, close: () => Promise.resolve() };
  }
  const { kind, folder, timeoutMs } = settings;
  if (missingPackages(kind, folder).length > 0) {
    throw new ClassifierMissingError(
      `The packages of the classifier "${kind}" are not installed in ${folder}`,
      `Install them: ${installCommand(kind, folder)}`,
    );
  }
  if (kind === 'onnx' && !existsSync(settings.onnx.file)) {
    throw new ClassifierMissingError(
      `The model of the classifier is missing: ${settings.onnx.file}`,
      'Put the file there, or name another one as safety.classifier.onnx.file.',
    );
  }
  const classifier = createLocalClassifier({
    ...deps,
    timeoutMs,
    startWorker: () => startClassifierWorker(settings),
  });
  return { classifier, close: () => classifier.close() };
}
