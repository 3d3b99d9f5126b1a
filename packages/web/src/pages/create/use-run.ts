import { useEffect, useRef, useState } from 'react';
import { isAbort, type KeyOwner } from '../../studio/browser-key.ts';
import { makePicture, type MadePicture, type Progress } from './picture-run.ts';
import type { PictureSettings } from './settings.ts';

export type Run =
  | { kind: 'idle' }
  | { kind: 'running'; progress: Progress; settings: PictureSettings; startedAtMs: number }
  | { kind: 'stopped' }
  | { kind: 'failed'; error: unknown };

/** One picture at a time. `stop`, and leaving the page, frees the node and what was held. */
export function useRun(owner: KeyOwner, onMade: (picture: MadePicture, settings: PictureSettings) => void) {
  const [run, setRun] = useState<Run>({ kind: 'idle' });
  const current = useRef<AbortController>(undefined);
  useEffect(() => () => current.current?.abort(), []);
  const start = async (settings: PictureSettings) => {
    const controller = new AbortController();
    current.current = controller;
    const startedAtMs = Date.now();
    // What comes late of an earlier picture changes nothing.
    const show = (next: Run) => current.current === controller && setRun(next);
    const onProgress = (progress: Progress) => show({ kind: 'running', progress, settings, startedAtMs });
    onProgress({ kind: 'sent' });
    try {
      const picture = await makePicture(owner, settings, { signal: controller.signal, onProgress });
      onMade(picture, settings);
      show({ kind: 'idle' });
    } catch (error) {
      show(isAbort(error) ? { kind: 'stopped' } : { kind: 'failed', error });
    }
  };
  const stop = () => current.current?.abort();
  return { run, start, stop };
}
