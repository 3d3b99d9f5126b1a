import type {
  AcceptedJob,
  JobOffer,
  JobStream,
  LinkAgent,
  LinkState,
  OfferAnswer,
} from '@switchyard/connector/link/types.ts';
import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { Capabilities, Notice } from '@switchyard/protocol/link/messages.ts';
import { capabilitiesOf } from './raw-node.ts';

/** A job at a node's agent, driven by the test. */
export type ScriptedJob = {
  offer: JobOffer;
  chat: ChatRequest | undefined;
  /** Set when the job was started. */
  stream: JobStream | undefined;
  isPaused: boolean;
  pauses: number;
  isCancelled: boolean;
  isAbandoned: boolean;
  /** Lets a cancel that was held back end. */
  releaseCancel(): void;
};

export type ScriptedAgent = LinkAgent & {
  jobs: ScriptedJob[];
  states: LinkState[];
  notices: Notice[];
  /** What to answer the next offers with; undefined accepts. */
  reject: Extract<OfferAnswer, { reject: unknown }> | undefined;
  /** Holds cancels back until `releaseCancel`. */
  holdsCancels: boolean;
  report: Capabilities;
  /** Called when a job starts. */
  onStart: (job: ScriptedJob, stream: JobStream) => void;
};

/** The connector's agent as tests play it. */
export function createScriptedAgent(): ScriptedAgent {
  const agent: ScriptedAgent = {
    jobs: [],
    states: [],
    notices: [],
    reject: undefined,
    holdsCancels: false,
    report: capabilitiesOf(),
    onStart: () => undefined,
    capabilities: () => agent.report,
    state: (state) => agent.states.push(state),
    notice: (notice) => agent.notices.push(notice),
    offer(offer) {
      if (agent.reject !== undefined) return agent.reject;
      return { accept: acceptJob(agent, offer) };
    },
  };
  return agent;
}

function acceptJob(agent: ScriptedAgent, offer: JobOffer): AcceptedJob {
  const held = Promise.withResolvers<void>();
  const job: ScriptedJob = {
    offer,
    chat: undefined,
    stream: undefined,
    isPaused: false,
    pauses: 0,
    isCancelled: false,
    isAbandoned: false,
    releaseCancel: held.resolve,
  };
  agent.jobs.push(job);
  return {
    start(chat, stream) {
      job.chat = chat;
      job.stream = stream;
      agent.onStart(job, stream);
      return {
        cancel() {
          job.isCancelled = true;
          return agent.holdsCancels ? held.promise : Promise.resolve();
        },
        pause() {
          job.isPaused = true;
          job.pauses += 1;
        },
        resume() {
          job.isPaused = false;
        },
      };
    },
    abandon() {
      job.isAbandoned = true;
    },
  };
}
