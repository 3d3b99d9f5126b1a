import type { Owner } from './scheduler.ts';

/**
 * The life of one gateway process. When it is dead its code may still run (nothing can stop JavaScript from outside),
 * but nothing that it does reaches the world any more: that is what a crash is to everyone else.
 */
export type Life = Owner & {
  /** Counts the starts. */
  readonly epoch: number;
  /**
   * To be asked before each effect on the world: a byte to a client, a batch to the disk, a call to an engine. False:
   * the process is dead, or dies now, and the effect does not happen.
   */
  touch(): boolean;
  /** Dies at the given count of effects from now; the last one still happens, or does not. */
  arm(effects: number, lastHappens: boolean): void;
  die(): void;
};

/** `onDeath` is called once, in the midst of whatever the process was doing. */
export function createLife(epoch: number, onDeath: () => void): Life {
  let left = Infinity;
  let doesLastHappen = true;

  const life: Life = {
    epoch,
    alive: true,
    timers: 0,
    touch() {
      if (!life.alive) return false;
      left -= 1;
      if (left > 0) return true;
      life.die();
      return doesLastHappen;
    },
    arm(effects, lastHappens) {
      left = effects;
      doesLastHappen = lastHappens;
    },
    die() {
      if (!life.alive) return;
      life.alive = false;
      onDeath();
    },
  };
  return life;
}
