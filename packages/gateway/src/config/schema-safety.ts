import { z } from 'zod';
import { anyNumber, environmentName, line, oneOf, webAddress, wholeNumber } from './fields.ts';

const colours = () =>
  z.tuple([anyNumber(-10, 10), anyNumber(-10, 10), anyNumber(-10, 10)], {
    error: 'three numbers: red, green, blue',
  });
const divisors = () =>
  z.tuple([anyNumber(0.001, 10), anyNumber(0.001, 10), anyNumber(0.001, 10)], {
    error: 'three numbers above 0: red, green, blue',
  });

/** The defaults are those of most models that were trained with PyTorch to tell "normal" from "adult". */
const onnx = z.strictObject({
  file: line(1, 1024).describe(
    'The model, relative to this file: one picture in, a number for each class out.',
  ),
  side: wholeNumber(16, 1_024).default(224).describe('Width and height of its input, in pixels.'),
  layout: oneOf(['nchw', 'nhwc'])
    .default('nchw')
    .describe('Whether its input has the colours before the rows (`nchw`) or after the columns (`nhwc`).'),
  mean: colours().default([0.5, 0.5, 0.5]).describe('Taken from red, green and blue, which are 0 to 1.'),
  std: divisors().default([0.5, 0.5, 0.5]).describe('What red, green and blue are divided by then.'),
  adult_outputs: z
    .array(wholeNumber(0, 999), { error: 'a list of whole numbers' })
    .min(1, { error: 'a list of at least one number' })
    .max(100, { error: 'a list of at most 100 numbers' })
    .default([1])
    .describe('The outputs that mean adult content, counted from 0.'),
  outputs: oneOf(['logits', 'probabilities'])
    .default('logits')
    .describe('What its outputs are. `logits` are put through softmax.'),
});

/** `rules.ts` checks which keys belong to which type. */
const classifier = z.strictObject({
  type: oneOf(['http', 'nsfwjs', 'onnx'])
    .default('http')
    .describe('`http`: a program of yours. `nsfwjs`, `onnx`: in the gateway, by packages that you install.'),
  url: webAddress('an address such as http://127.0.0.1:9090/classify')
    .optional()
    .describe(
      'For `http`: a program that looks at pictures: `POST` with a PNG, answered by `{"adult": 0.03}`, 0 to 1.',
    ),
  token_env: environmentName()
    .optional()
    .describe('For `http`: environment variable with a token, sent to it as `Authorization: Bearer`.'),
  folder: line(1, 1024)
    .default('./classifier')
    .describe('For `nsfwjs` and `onnx`: where their packages are installed, relative to this file.'),
  onnx: onnx.optional().describe('For `onnx`: the model.'),
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
