import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { errorFields, type Log } from '../core/log.ts';

/** What all parts of one gateway are made with. */
export type Base = {
  config: Config;
  clock: Clock;
  log: Log;
  closers: Closers;
  /** The port in use. Undefined: not known yet. */
  port(): number | undefined;
};

export type Closers = {
  add(close: () => Promise<void> | void): void;
  /** In the opposite order of opening. What fails to close is logged and does not keep the others open. */
  closeAll(): Promise<void>;
};

export function createClosers(log: Log): Closers {
  const closers: (() => Promise<void> | void)[] = [];
  return {
    add: (close) => void closers.push(close),
    async closeAll() {
      for (const close of closers.toReversed()) {
        // Databases throw at once, before there is a promise to look at.
        try {
          await close();
        } catch (error) {
          log.error('close_failed', errorFields(error));
        }
      }
    },
  };
}
