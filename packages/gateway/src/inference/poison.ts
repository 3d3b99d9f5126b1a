import type { AttemptFault } from '../core/attempt.ts';
import type { Target } from '../routing/target.ts';

/** Engines on this many different nodes that break on one request: the request is what is wrong. */
const ENGINES = 2;

/**
 * Tells a request that breaks engines from engines that are broken. Without it one malformed request would send node
 * after node into its breaker.
 */
export class PoisonWatch {
  readonly #broken: Target[] = [];

  /** True: this was the last proof. What the failures said about the nodes is taken back then. */
  proves(target: Target | undefined, { cause }: AttemptFault): boolean {
    if (target === undefined || target.kind === 'upstream' || cause !== 'fail-engine') return false;
    this.#broken.push(target);
    if (this.#broken.length < ENGINES) return false;
    for (const one of this.#broken) one.forgive?.();
    return true;
  }
}
