import type { Attempt, AttemptRequest, AttemptSink } from '../../core/attempt.ts';
import type { Adaptation, Refusal, RefusalMemory } from './refused-settings.ts';
import { adaptTo } from './refused-settings.ts';

/** More refusals than this in a row are no matter of settings. */
const TRIES_MAX = 6;

export type AdaptingOptions = {
  request: AttemptRequest;
  sink: AttemptSink;
  memory: RefusalMemory;
  /** Whether this refusal may be answered by doing without. */
  mayAdapt(refusal: Refusal): boolean;
  /** Starts one exchange. `noteRefusal` is called before the fault that carries it. */
  send(adaptation: Adaptation, sink: AttemptSink, noteRefusal: (refusal: Refusal) => void): Attempt;
};

/**
 * One attempt that does without what the model refuses: the same request is sent again at once, and later ones begin
 * with what was learned. The sink hears of the last exchange only.
 */
export function startAdapting({ request, sink, memory, mayAdapt, send }: AdaptingOptions): Attempt {
  const { remoteModel } = request;
  const effort = request.chat.reasoningEffort;
  let adaptation = memory.of(remoteModel, effort);
  let tries = 0;
  let attempt: Attempt | undefined;

  const begin = () => {
    tries += 1;
    let refusal: Refusal | undefined;
    const inner: AttemptSink = {
      onParts: (parts, relay) => sink.onParts(parts, relay),
      onAlive: () => sink.onAlive(),
      onEnd: () => sink.onEnd(),
      onFault(fault) {
        const isAdaptable = refusal !== undefined && tries < TRIES_MAX && mayAdapt(refusal);
        const next = isAdaptable && refusal !== undefined ? adaptTo(adaptation, refusal, effort) : undefined;
        if (next === undefined) {
          sink.onFault(fault);
          return;
        }
        adaptation = next;
        memory.learn(remoteModel, effort, next);
        begin();
      },
    };
    attempt = send(adaptation, inner, (noted) => (refusal = noted));
  };
  begin();
  return {
    cancel: () => attempt?.cancel(),
    pause: () => attempt?.pause(),
    resume: () => attempt?.resume(),
  };
}
