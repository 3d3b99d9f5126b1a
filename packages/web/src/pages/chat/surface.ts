import type { ServerEvent } from '../../studio/event-stream.ts';
import { numberAt, type JsonObject } from '../../studio/json.ts';
import type { Answer, ChatSettings, SurfaceId, Turn } from './conversation.ts';

/** A function that the model may call; `parameters` is a JSON schema. */
export type ToolSpec = { name: string; description: string; parameters: JsonObject };

/** What is asked, before it takes the form of a surface. */
export type Ask = Pick<ChatSettings, 'model' | 'system' | 'temperature' | 'topP' | 'maxTokens' | 'effort'> & {
  turns: readonly Turn[];
  tools: readonly ToolSpec[];
  /** What the model can write at most; for the surface that wants a number. */
  modelMaxTokens: number;
  /** Asks to be shown the thinking. */
  thinks: boolean;
};

/** One way to speak to a model: the form of its requests, and how its stream is read. */
export type Surface = {
  id: SurfaceId;
  label: string;
  path: string;
  body: (ask: Ask) => object;
  /** The function that is given every event and puts what it tells into the draft. */
  createReader: (draft: Answer) => (event: ServerEvent) => void;
};

/** The fields whose value is not undefined. */
export function given(fields: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** `usage.cost` is in USD, exact to a millionth. */
export function costMicrosOf(usage: JsonObject): number {
  return Math.round(numberAt(usage, 'cost') * 1_000_000);
}

/** A data URL in its two parts. */
export function splitDataUrl(url: string): { mediaType: string; data: string } {
  const [head = '', data = ''] = url.split(';base64,', 2);
  return { mediaType: head.replace(/^data:/, ''), data };
}
