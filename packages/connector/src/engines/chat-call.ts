import type { ClientRequest, IncomingMessage } from 'node:http';
import type { EngineFault, EngineRun, EngineSink } from '../engine.ts';
import type { Timers } from '../timers.ts';
import type { AnswerReader, AnswerStep } from './answer-reader.ts';
import { faultOfConnectionError, faultOfHttpStatus } from './engine-errors.ts';
import type { EngineEndpoint } from './engine-http.ts';
import { openEngineCall, readBody } from './engine-http.ts';
import type { CallPhase } from './phase-clock.ts';
import { startPhaseClock } from './phase-clock.ts';

const ERROR_BODY_MAX_BYTES = 64 * 1024;
/** For engines that answer in one piece although asked to stream. */
const WHOLE_ANSWER_MAX_BYTES = 4 * 1024 * 1024;
const CANCEL_MAX_MS = 2_000;

const BROKEN_BODY: EngineFault = {
  code: 'engine_failed',
  message: 'The engine sent a body that cannot be read.',
};

export type ChatCall = {
  endpoint: EngineEndpoint;
  url: URL;
  body: unknown;
  /** A fresh one for each call: it knows the engine's format. */
  answer: AnswerReader;
  timers: Timers;
};

/**
 * Runs one streamed chat call and tells the sink what comes of it.
 *
 * Ends with exactly one of `onEnd` and `onFault`, whatever the engine sends, and with neither once it is
 * cancelled. Memory is bounded by one line and one read of the socket: pausing stops the reading.
 */
export function startChatCall(call: ChatCall, sink: EngineSink): EngineRun {
  const { answer } = call;
  const clock = startPhaseClock(call.timers, (phase) => take(answer.breakOff(faultOfSilence(phase))));
  let response: IncomingMessage | undefined;
  let isPaused = false;
  let isOver = false;
  let isCancelled = false;

  const request = openEngineCall(call.endpoint, {
    method: 'POST',
    url: call.url,
    body: call.body,
  });

  function close(): void {
    isOver = true;
    clock.stop();
    request.destroy();
  }

  /** Bytes that Node had read before the call was closed may still come: they are dropped. */
  function take(step: AnswerStep): void {
    if (isOver) return;
    if (step.outcome !== undefined) close();
    if (step.parts.length > 0) sink.onParts(step.parts);
    else if (step.isAlive && !isOver) sink.onAlive();
    // The sink may have cancelled the job just now.
    if (isCancelled) return;
    if (step.outcome === 'complete') sink.onEnd();
    else if (step.outcome !== undefined) sink.onFault(step.outcome);
    else if (answer.hasFinishReason()) enterOnce('ending');
    else if (step.parts.length > 0) enterOnce('reading');
  }

  function enterOnce(phase: CallPhase): void {
    if (clock.phase() !== phase) clock.enter(phase);
  }

  function fail(fault: EngineFault): void {
    take({ parts: [], isAlive: false, outcome: fault });
  }

  const breakOff = (error: unknown): void => take(answer.breakOff(faultOfConnectionError(error)));

  function onResponse(incoming: IncomingMessage): void {
    response = incoming;
    clock.enter('waiting');
    incoming.on('error', breakOff);
    const status = incoming.statusCode ?? 0;
    if (status !== 200) {
      // A body that is too long or breaks off says nothing: then the status alone decides.
      const words = readBody(incoming, ERROR_BODY_MAX_BYTES).catch(() => '');
      void words.then((text) => fail(faultOfHttpStatus(status, text)));
    } else if (incoming.headers['content-type']?.startsWith('application/json') === true) {
      const whole = readBody(incoming, WHOLE_ANSWER_MAX_BYTES);
      whole.then(
        (text) => take(answer.whole(text)),
        () => fail(BROKEN_BODY),
      );
    } else {
      incoming.on('data', (bytes: Buffer) => {
        clock.touch();
        take(answer.push(bytes));
      });
      incoming.on('end', () => take(answer.end()));
      if (isPaused) incoming.pause();
    }
  }

  request.on('socket', (socket) => void socket.once('connect', () => clock.enter('waiting')));
  request.on('response', onResponse);
  request.on('error', breakOff);
  request.on('close', () => {
    // Without a response there is nobody else to notice; with one its own events come, perhaps later.
    if (response === undefined) breakOff(undefined);
  });

  return {
    cancel() {
      isCancelled = true;
      close();
      return untilClosed(request, call.timers);
    },
    pause() {
      isPaused = true;
      clock.hold(true);
      response?.pause();
    },
    resume() {
      isPaused = false;
      clock.hold(false);
      response?.resume();
    },
  };
}

function faultOfSilence(phase: CallPhase): EngineFault {
  const code = phase === 'connecting' ? 'engine_unreachable' : 'timeout';
  return { code, message: `The engine was silent for too long while ${phase}.` };
}

/** The engine sees the end of the connection and stops by itself; there is nothing else to wait for. */
function untilClosed(request: ClientRequest, timers: Timers): Promise<void> {
  return new Promise((resolve) => {
    if (request.closed) {
      resolve();
      return;
    }
    const timer = timers.after(CANCEL_MAX_MS, resolve);
    request.once('close', () => {
      timer.cancel();
      resolve();
    });
  });
}
