import { z } from 'zod';
import { environmentName, webAddress, wholeNumber } from './fields.ts';

const classifier = z.strictObject({
  url: webAddress('an address such as http://127.0.0.1:9090/classify').describe(
    'Program of yours that looks at pictures: `POST` with a PNG, answered by `{"adult": 0.03}`, 0 to 1.',
  ),
  token_env: environmentName()
    .optional()
    .describe('Environment variable with a token that is sent to it as `Authorization: Bearer`.'),
  timeout_ms: wholeNumber(100, 120_000)
    .default(10_000)
    .describe('Time for one picture. What is not looked at by then is kept back.'),
});

/** What is checked of pictures. The hard line has no setting. */
export const safety = z.strictObject({
  classifier: classifier
    .optional()
    .describe('Looks at every picture that is made without `nsfw`. Without it such requests are refused.'),
  suspend_after_blocks: wholeNumber(0, 1_000)
    .default(5)
    .describe('So many prompts over the hard line within 24 hours suspend the account. `0`: never.'),
});
