import { request } from 'undici';
import type { OutputClassifier } from './output-classifier.ts';

export type HttpClassifierOptions = {
  /** `http://127.0.0.1:9090/classify`. The operator's own: it sees every picture that is made without `nsfw`. */
  url: string;
  /** Sent as `Authorization: Bearer`. */
  token: { reveal(): string } | undefined;
  /** For one picture, connecting included. */
  timeoutMs: number;
};

/** An answer is one small object. */
const ANSWER_MAX_BYTES = 64 * 1024;

/**
 * Asks a program of the operator how adult a picture is: `POST url` with the PNG as the body, `image/png`, answered by
 * 200 and `{"adult": 0.03}`, 0 to 1. Whatever else comes (another status, a redirect, too much, no number of that range,
 * nothing in time) rejects, so that the picture is kept back. The errors say nothing of the picture or the answer.
 */
export function createHttpClassifier({ url, token, timeoutMs }: HttpClassifierOptions): OutputClassifier {
  const headers = {
    'content-type': 'image/png',
    accept: 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` }),
  };
  return {
    async adultScore(png) {
      const signal = AbortSignal.timeout(timeoutMs);
      // undici follows no redirect unless told to.
      const { statusCode, body } = await request(url, { method: 'POST', headers, body: png, signal });
      const text = await boundedText(body);
      if (statusCode !== 200) throw new Error(`the classifier answered ${statusCode}`);
      return scoreIn(text);
    },
  };
}

async function boundedText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > ANSWER_MAX_BYTES) throw new Error('the classifier answered too much');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function scoreIn(text: string): number {
  const answer = parsed(text);
  const score = typeof answer === 'object' && answer !== null && 'adult' in answer ? answer.adult : undefined;
  if (typeof score === 'number' && score >= 0 && score <= 1) return score;
  throw new Error('the classifier answered no number from 0 to 1 as "adult"');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
