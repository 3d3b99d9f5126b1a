import { z } from 'zod';
import { flag, line, wholeNumber } from './fields.ts';

export const earnings = z.strictObject({
  maturity_hours: wholeNumber(0, 8_760)
    .default(24)
    .describe('How long a share stays pending before it is payable. A refund takes it back until then.'),
  probation_hours: wholeNumber(0, 8_760).default(168).describe('The same for nodes on probation: escrow.'),
});

export const trust = z.strictObject({
  promotion_jobs: wholeNumber(1, 1_000_000)
    .default(100)
    .describe('Jobs that others paid, after which a node is verified.'),
  promotion_hours: wholeNumber(0, 8_760)
    .default(72)
    .describe('And the hours that must have passed since the first of them.'),
  canaries: flag()
    .default(true)
    .describe(
      'Whether nodes get test jobs with known answers among their jobs: 10 % on probation, 2 % verified, 0.5 % of the operator. Nobody is charged for them and they earn nothing.',
    ),
  contact: line(1, 256)
    .optional()
    .describe('Where owners of nodes object to a sanction: an e-mail or web address. Shown to them.'),
});

export const nodes = z.strictObject({
  min_agent_version: z
    .string()
    .regex(/^\d{1,9}\.\d{1,9}\.\d{1,9}$/, 'must be a version such as 0.1.0')
    .default('0.1.0')
    .describe('The oldest connector that is taken. Older ones are told to update, and stop.'),
});
