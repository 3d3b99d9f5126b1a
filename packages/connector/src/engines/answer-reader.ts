import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { EngineFault } from '../engine.ts';
import type { ChunkDecoder } from './chat-chunks.ts';
import { createChunkDecoder } from './chat-chunks.ts';
import { parseJson } from './json.ts';
import type { SseRead } from './sse-lines.ts';
import { createSseLineReader, parseSseLine } from './sse-lines.ts';

/** What one read of an engine's answer gave. After an `outcome` there is nothing more to read. */
export type AnswerStep = {
  parts: StreamPart[];
  /** The engine only said that it is still there. */
  isAlive: boolean;
  outcome?: 'complete' | EngineFault;
};

/** Reads the bytes of one answer. Pure: no socket, no time. */
export type AnswerReader = {
  push(bytes: Uint8Array): AnswerStep;
  /** The body has ended. */
  end(): AnswerStep;
  /** The engine did not stream: its whole answer as JSON text. */
  whole(text: string): AnswerStep;
  /** The connection failed. After the finish reason only the usage can be missing, so the answer is complete. */
  breakOff(fault: EngineFault): AnswerStep;
  hasFinishReason(): boolean;
};

const LINE_MAX_BYTES = 1024 * 1024;
const BROKEN_STREAM: EngineFault = {
  code: 'engine_failed',
  message: 'The engine sent a stream that cannot be read.',
};

/** What one line of an answer says. */
export type AnswerLine =
  | { kind: 'chunk'; value: unknown }
  /** The engine is still there. */
  | { kind: 'alive' }
  | { kind: 'end' }
  | { kind: 'other' };

/** The form of an engine's stream: its lines, and the JSON in them. */
export type AnswerFormat = { readLine(text: string): AnswerLine; decoder: ChunkDecoder };

/** An event stream of Chat Completions chunks, which ends with `[DONE]` or with the body. */
export function chatCompletionsAnswer(): AnswerReader {
  return createAnswerReader({ readLine: readEventLine, decoder: createChunkDecoder() });
}

/**
 * Turns the lines of a stream into parts.
 *
 * Whatever the bytes, one step has an outcome by `end` at the latest: `complete` with a `finish` part as the
 * last one, or a fault. Holds at most one line of 1 MiB.
 */
export function createAnswerReader({ readLine, decoder }: AnswerFormat): AnswerReader {
  const lines = createSseLineReader(LINE_MAX_BYTES);

  function complete(parts: StreamPart[]): AnswerStep {
    const last = decoder.finish();
    if ('code' in last) return { parts, isAlive: false, outcome: last };
    return { parts: [...parts, last], isAlive: false, outcome: 'complete' };
  }

  function step(read: SseRead): AnswerStep {
    const parts: StreamPart[] = [];
    let isAlive = false;
    for (const text of read.lines) {
      const line = readLine(text);
      if (line.kind === 'alive') isAlive = true;
      if (line.kind === 'end') return complete(parts);
      if (line.kind !== 'chunk') continue;
      const decoded = decoder.decode(line.value);
      parts.push(...decoded.parts);
      if (decoded.fault !== undefined) return { parts, isAlive, outcome: decoded.fault };
    }
    if (read.problem !== undefined) return { parts, isAlive, outcome: BROKEN_STREAM };
    return { parts, isAlive };
  }

  return {
    push: (bytes) => step(lines.push(bytes)),
    end() {
      const last = step(lines.end());
      return last.outcome === undefined ? complete(last.parts) : last;
    },
    whole(text) {
      const { parts, fault } = decoder.decode(parseJson(text));
      return fault === undefined ? complete(parts) : { parts, isAlive: false, outcome: fault };
    },
    breakOff(fault) {
      return decoder.hasFinishReason() ? complete([]) : { parts: [], isAlive: false, outcome: fault };
    },
    hasFinishReason: () => decoder.hasFinishReason(),
  };
}

function readEventLine(text: string): AnswerLine {
  const line = parseSseLine(text);
  if (line.kind === 'other') return line;
  const payload = line.kind === 'comment' ? '' : line.value.trim();
  if (payload === '') return { kind: 'alive' };
  if (payload === '[DONE]') return { kind: 'end' };
  const value = parseJson(payload);
  return { kind: 'chunk', value: line.kind === 'error' ? { error: value ?? {} } : value };
}
