import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { ImageRequest, PictureInfo } from '@switchyard/protocol/image.ts';
import type { Progress } from '@switchyard/protocol/link/image-job.ts';
import type { Capabilities, JobKind, Notice } from '@switchyard/protocol/link/messages.ts';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { EngineFault } from '../engine.ts';

/** How the link client and the connector's agent work together: the client owns the socket, the agent the engines. */
export type LinkAgent = {
  /** Read when a session starts and whenever `LinkClient.capabilitiesChanged` is called. */
  capabilities(): Capabilities;
  /** Decides at once. Accepting takes the slot until the job ends or is abandoned. */
  offer(offer: JobOffer): OfferAnswer;
  state(state: LinkState): void;
  /** What the gateway tells the owner of the node, now and then. */
  notice?(notice: Notice): void;
};

export type JobOffer = {
  /** Absent: chat. */
  kind?: JobKind;
  /** Random per attempt. */
  jobId: string;
  /** The alias, or recipe of an image job, that this node advertised. */
  model: string;
  estimatedInputTokens: number;
  deadlineMs: number;
};

export type RejectReason =
  | 'busy'
  | 'paused'
  | 'local_use'
  | 'context'
  | 'unloaded'
  | 'unsupported'
  | 'policy';

export type OfferAnswer = { reject: RejectReason } | { accept: AcceptedJob } | { acceptImage: AcceptedImage };

export type AcceptedJob = {
  /** The whole request has come. Called once, unless the job is abandoned first. */
  start(chat: ChatRequest, stream: JobStream): RunningJob;
  /** The job went away before it was started: free the slot. */
  abandon(): void;
};

/** Of an offer of kind `image`. */
export type AcceptedImage = {
  /** The whole request has come. Called once, unless the job is abandoned first. */
  startImage(request: ImageRequest, stream: ImageStream): RunningJob;
  /** The job went away before it was started: free the slot. */
  abandon(): void;
};

export type RunningJob = {
  /** Resolves when the engine has stopped. The slot is free then. */
  cancel(): Promise<void>;
  /** The far side does not keep up. */
  pause(): void;
  resume(): void;
};

/** The agent's side of a running job. After `end` or `fail` it is closed; calls on a lost link are ignored. */
export type JobStream = {
  parts(parts: StreamPart[]): void;
  alive(): void;
  /** After the `finish` part. */
  end(): void;
  fail(fault: EngineFault): void;
};

/** The same for a picture. After `picture` or `fail` it is closed. */
export type ImageStream = {
  alive(): void;
  progress(progress: Progress): void;
  /** The whole picture, once. */
  picture(bytes: Uint8Array, info: PictureInfo): void;
  fail(fault: EngineFault): void;
};

export type LinkState =
  | { state: 'connecting'; attempt: number }
  /** `newestAgent`: the newest version of this program that the gateway knows. */
  | { state: 'online'; sessionId: string; newestAgent?: string }
  | { state: 'waiting'; retryInMs: number; reason: string }
  /** Trying again is useless without a person: wrong token, too old. */
  | { state: 'stopped'; reason: string };

export type LinkClient = {
  capabilitiesChanged(): void;
  /** Takes no new offers, lets running jobs end (at most `graceMs`), then closes. */
  drain(graceMs: number): Promise<void>;
  close(): void;
};
