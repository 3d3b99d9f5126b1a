import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { Agent } from '../agent.ts';
import { createAgent } from '../agent.ts';
import type { EngineModel } from '../engine.ts';
import type { EngineHost, HostEvent, ModelChoice } from '../engine-host.ts';
import { createEngineHost } from '../engine-host.ts';
import type { PauseReason } from '../fair-use.ts';
import type { AcceptedJob, RunningJob } from '../link/types.ts';
import { chatOf } from './chat.ts';
import type { FakeEngine, FakeRun } from './fake-engine.ts';
import { createFakeEngine, modelOf } from './fake-engine.ts';
import type { FakeJobStream } from './fake-job-stream.ts';
import { createFakeJobStream } from './fake-job-stream.ts';
import type { VirtualTimers } from './virtual-timers.ts';
import { createVirtualTimers } from './virtual-timers.ts';

export const TEXT = { type: 'text-delta', text: 'x' } as const;
export const UNREACHABLE = { code: 'engine_unreachable', message: 'gone' } as const;

/** An agent with one fake engine of two slots, on virtual time. */
export type World = {
  timers: VirtualTimers;
  engine: FakeEngine;
  host: EngineHost;
  agent: Agent;
  events: (HostEvent | string)[];
  changes: () => number;
  /** What its owner wants of it from now on. */
  pause(why: PauseReason | undefined): void;
};

type Setting = {
  models?: EngineModel[];
  choices?: ModelChoice[];
  isPrivate?: boolean;
  isDown?: boolean;
  /** What the owner wants; default 2. */
  slots?: number | undefined;
  /** What the engine says. */
  engineSlots?: number;
  notices?: string[];
};

export async function setUpAgent(setting: Setting = {}): Promise<World> {
  const { models = [modelOf('m')], choices, isPrivate = false, isDown = false } = setting;
  const timers = createVirtualTimers();
  const engine = createFakeEngine(models);
  const events: World['events'] = [];
  let changes = 0;
  let pausedBecause: PauseReason | undefined;
  if (isDown) engine.fault = UNREACHABLE;
  engine.ownSlots = setting.engineSlots;
  engine.said = setting.notices ?? [];
  const host = createEngineHost({
    name: 'fake',
    engine,
    slots: 'slots' in setting ? setting.slots : 2,
    choices,
    timers,
    report: (event) => events.push(event),
    onChange: () => (changes += 1),
  });
  const agent = createAgent({
    hosts: [host],
    isPrivate,
    timers,
    pausedBecause: () => pausedBecause,
    onLinkState: (state) => events.push(state.state),
    onJobFault: (fault) => events.push(fault.code),
  });
  await host.start();
  return {
    timers,
    engine,
    host,
    agent,
    events,
    changes: () => changes,
    pause(why) {
      pausedBecause = why;
    },
  };
}

/** Lets every promise that can settle do so. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

export function offerOf(change: Partial<Parameters<Agent['offer']>[0]> = {}): Parameters<Agent['offer']>[0] {
  return { jobId: 'j', model: 'm', estimatedInputTokens: 10, deadlineMs: 600_000, ...change };
}

export function accepted(agent: Agent, change = {}): AcceptedJob {
  const answer = agent.offer(offerOf(change));
  if (!('accept' in answer)) throw new Error(`rejected: ${JSON.stringify(answer)}`);
  return answer.accept;
}

/** How many more jobs of the model the host would take: tried out, and given back. */
export function freeSlots({ host }: Pick<World, 'host'>, localName = 'm'): number {
  const taken: (() => void)[] = [];
  while (host.findSlot(localName) === 'free') taken.push(host.takeSlot(localName));
  for (const giveBack of taken) giveBack();
  return taken.length;
}

export type Started = { stream: FakeJobStream; job: RunningJob; run: FakeRun };

export function startJob({ agent, engine }: World, chat: ChatRequest = chatOf('hi')): Started {
  const stream = createFakeJobStream();
  const job = accepted(agent).start(chat, stream);
  const run = engine.runs.at(-1);
  if (run === undefined) throw new Error('the engine got no job');
  return { stream, job, run };
}
