import type { ToolDefinition } from '@switchyard/protocol/chat.ts';
import { fault, type Fault } from '../../core/errors.ts';
import type { Refusals } from '../../core/json-fields.ts';
import type { NativeInput } from '../../core/surface.ts';
import type { RawReader } from './raw-json.ts';
import { createRawReader } from './raw-json.ts';

/** What the decoders of one body share: where refusals go, and what they see besides the messages themselves. */
export type Reading = {
  /** For values that parsing may have changed. */
  rawJson: RawReader;
  refusals: Refusals;
  native: BeyondChat;
  pictures: number;
  /** In the order of the conversation. */
  toolChanges: ToolChange[];
};

/** What the canonical request cannot say. `first` refuses the request where no target speaks this dialect. */
export type BeyondChat = NativeInput & { first: Fault | undefined };

/** A tool that is offered or withdrawn from here on: by its name in `tools`, or with its definition. */
export type ToolChange =
  | { type: 'load'; name: string }
  | { type: 'add'; tool: ToolDefinition }
  | { type: 'remove'; name: string };

export function newReading(body: Buffer): Reading {
  return {
    rawJson: createRawReader(body),
    refusals: { first: undefined },
    native: { first: undefined, bytes: 0, isBounded: true },
    pictures: 0,
    toolChanges: [],
  };
}

/**
 * Notes content that only a target of this dialect can honour, and may open to any number of tokens. `what` is ours
 * and holds no value of the body.
 */
export function noteNative(reading: Reading, param: string, what: string): undefined {
  reading.native.isBounded = false;
  reading.native.first ??= fault('unsupported_parameter', {
    param,
    message: `${what} can only be served by a provider that speaks this dialect itself, and this model has none.`,
  });
  return undefined;
}

/** Counts what a target of this dialect reads in the client's own bytes and others do not get. */
export function countNative(reading: Reading, value: unknown): void {
  reading.native.bytes += Buffer.byteLength(JSON.stringify(value));
}
