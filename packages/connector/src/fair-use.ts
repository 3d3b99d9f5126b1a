import type { Hours } from './config/hours.ts';
import { isWithin } from './config/hours.ts';
import type { EngineHost } from './engine-host.ts';
import type { Command } from './power-command.ts';
import type { Timer, Timers } from './timers.ts';

/** What the owner of the machine wants for themselves. */
export type FairUseRules = {
  /** When the node serves, by the machine's clock. Absent: always. */
  hours?: Hours;
  /** Whether the node pauses while somebody else uses one of its engines. */
  yieldsToLocalUse: boolean;
  /** Run before the node serves. */
  powerLimit?: Command;
  /** Run when it pauses or ends. */
  powerRestore?: Command;
};

export type PauseReason = 'hours' | 'local-use';

/** Decides when the node may take jobs. Those that run are never cut. */
export type FairUse = {
  pausedBecause(): PauseReason | undefined;
  start(): void;
  /** Runs the owner's last command to its end. */
  stop(): Promise<void>;
};

export type FairUseOptions = {
  rules: FairUseRules;
  hosts: readonly Pick<EngineHost, 'name' | 'foreign' | 'countsRequests'>[];
  timers: Timers;
  /** The time of day. */
  now(): Date;
  /** Gives what went wrong, or undefined. */
  runCommand(command: Command): Promise<string | undefined>;
  onChange(reason: PauseReason | undefined): void;
  onProblem(message: string): void;
};

/** Engines are asked for their requests as often. */
const LOOK_MS = 10_000;
/** An engine that was used is left alone for so long after its last request: people think between two questions. */
const QUIET_MS = 20_000;
/** A single request that is seen once may be one of ours that the engine has not forgotten yet. */
const SEEN_TIMES = 2;

export function createFairUse(options: FairUseOptions): FairUse {
  const { rules, hosts, timers } = options;
  let reason: PauseReason | undefined;
  let seenTimes = 0;
  let usedUntilMs = Number.NEGATIVE_INFINITY;
  let ticker: Timer | undefined;
  let isLimited = false;
  /** One command after the other. */
  let commands: Promise<void> = Promise.resolve();

  function lookForLocalUse(): void {
    const isUsed = hosts.some((host) => host.foreign() > 0);
    seenTimes = isUsed ? seenTimes + 1 : 0;
    if (seenTimes >= SEEN_TIMES) usedUntilMs = timers.nowMs() + QUIET_MS;
  }

  function decide(): PauseReason | undefined {
    if (rules.hours !== undefined && !isWithin(rules.hours, options.now())) return 'hours';
    return rules.yieldsToLocalUse && timers.nowMs() < usedUntilMs ? 'local-use' : undefined;
  }

  function setPower(shouldBeLimited: boolean): void {
    if (isLimited === shouldBeLimited) return;
    isLimited = shouldBeLimited;
    const [name, command] = shouldBeLimited
      ? (['power_limit_command', rules.powerLimit] as const)
      : (['power_restore_command', rules.powerRestore] as const);
    if (command === undefined) return;
    commands = commands.then(async () => {
      const problem = await options.runCommand(command);
      if (problem !== undefined) options.onProblem(`${name}: ${problem}`);
    });
  }

  function look(): void {
    lookForLocalUse();
    const before = reason;
    reason = decide();
    setPower(reason === undefined);
    if (reason !== before) options.onChange(reason);
  }

  function sayWhoCannotTell(): void {
    if (!rules.yieldsToLocalUse) return;
    for (const { name, countsRequests } of hosts) {
      if (countsRequests()) continue;
      options.onProblem(
        `engine ${name} cannot tell whether somebody else uses it: yield_to_local_use has no effect there`,
      );
    }
  }

  return {
    pausedBecause: () => reason,
    start() {
      sayWhoCannotTell();
      look();
      ticker = timers.every(LOOK_MS, look);
    },
    async stop() {
      ticker?.cancel();
      setPower(false);
      await commands;
    },
  };
}
