import { z } from 'zod';
import { wholeNumber } from './fields.ts';

const retry = z.strictObject({
  attempts: wholeNumber(1, 10)
    .default(4)
    .describe('Tries that one request may have at all its targets together, before its first content.'),
  budget_ms: wholeNumber(0, 900_000)
    .default(180_000)
    .describe('No new try begins when so much time has passed since the first one began.'),
  same_upstream: wholeNumber(0, 5)
    .default(1)
    .describe('How often one request is tried again at the same upstream, after a short pause.'),
  share_percent: wholeNumber(0, 100)
    .default(20)
    .describe('Tries again that an upstream gets at most, as a share of the requests that it gets.'),
});

const breaker = z.strictObject({
  failures: wholeNumber(1, 1_000)
    .default(5)
    .describe('Failures in a row after which an upstream (or one model of it) is left out.'),
  open_ms: wholeNumber(100, 600_000)
    .default(5_000)
    .describe('For how long at first. Each trial that fails doubles it.'),
  max_open_ms: wholeNumber(100, 3_600_000).default(120_000).describe('For how long at most.'),
});

/** The section `routing`. */
export const routing = z.strictObject({
  retry: retry.prefault({}).describe('How often a request is tried.'),
  breaker: breaker.prefault({}).describe('When failing upstreams are left out.'),
});
