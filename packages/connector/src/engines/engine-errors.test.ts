import { describe, expect, it } from 'vitest';
import { faultOfConnectionError, faultOfHttpStatus } from './engine-errors.ts';

const SECRET = 'my private prompt';

describe('faultOfHttpStatus', () => {
  it.each<[string, number, unknown, string]>([
    [
      'llama.cpp, full context',
      400,
      {
        error: {
          code: 400,
          message: 'the request exceeds the available context size',
          type: 'exceed_context_size_error',
        },
      },
      'context_length_exceeded',
    ],
    [
      'vLLM, full context',
      400,
      {
        object: 'error',
        message: "This model's maximum context length is 4096 tokens. However, you requested 5000",
      },
      'context_length_exceeded',
    ],
    [
      'LM Studio, full context',
      500,
      {
        error:
          'Trying to keep the first 9000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens',
      },
      'context_length_exceeded',
    ],
    [
      'Ollama, full context',
      400,
      { error: { message: 'the input length exceeds the context length' } },
      'context_length_exceeded',
    ],
    [
      'OpenAI code',
      400,
      { error: { message: 'x', code: 'context_length_exceeded' } },
      'context_length_exceeded',
    ],
    [
      'TGI, full context',
      422,
      { error: '`inputs` tokens + `max_new_tokens` must be <= 4096', error_type: 'validation' },
      'context_length_exceeded',
    ],
    ['plain text, full context', 413, 'prompt is too long', 'context_length_exceeded'],
    ['Ollama, no tools', 400, { error: { message: 'library/phi does not support tools' } }, 'unsupported'],
    [
      'llama.cpp, no pictures',
      500,
      { error: { message: 'image input is not supported - hint: mmproj' } },
      'unsupported',
    ],
    ['a bad request', 400, { error: { message: SECRET } }, 'invalid_request'],
    ['a bad request with a list', 422, { detail: [{ msg: SECRET }] }, 'invalid_request'],
    ['a wrong key', 401, { error: { message: 'context length' } }, 'engine_failed'],
    ['no rights', 403, '', 'engine_failed'],
    ['an unknown model', 404, { error: { message: `model ${SECRET} not found` } }, 'engine_failed'],
    ['a redirect', 302, '', 'engine_failed'],
    ['a limit', 429, '', 'overloaded'],
    ['a model that loads', 503, { error: { message: 'Loading model' } }, 'overloaded'],
    ['a failure', 500, { error: { message: SECRET } }, 'engine_failed'],
    ['a gateway timeout', 504, '<html>', 'timeout'],
    ['HTML', 502, `<html>${SECRET}</html>`, 'engine_failed'],
    ['broken JSON', 500, '{"error":', 'engine_failed'],
    ['JSON that is no object', 500, 'null', 'engine_failed'],
  ])('maps %s', (_name, status, body, code) => {
    const fault = faultOfHttpStatus(status, typeof body === 'string' ? body : JSON.stringify(body));
    expect(fault.code).toBe(code);
    expect(fault.message).not.toContain(SECRET);
  });
});

describe('faultOfConnectionError', () => {
  const coded = (code: string): Error => Object.assign(new Error('connect 10.0.0.1:80'), { code });

  it.each<[string, unknown, string]>([
    ['a closed port', coded('ECONNREFUSED'), 'engine_unreachable'],
    ['a closed port on all addresses', new AggregateError([coded('ECONNREFUSED')]), 'engine_unreachable'],
    ['an unknown name', coded('ENOTFOUND'), 'engine_unreachable'],
    ['a cut connection', coded('ECONNRESET'), 'engine_failed'],
    ['something else', 'x', 'engine_failed'],
  ])('maps %s', (_name, error, code) => {
    const fault = faultOfConnectionError(error);
    expect(fault.code).toBe(code);
    expect(fault.message).not.toContain('10.0.0.1');
  });
});
