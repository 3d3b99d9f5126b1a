import { expect, test } from 'vitest';
import { UPSTREAM_CAUSES } from './fault-causes.ts';
import { transportFault } from './transport-fault.ts';

const withCode = (code: string) => Object.assign(new Error('secret'), { code });

test.each([
  ['ECONNREFUSED', 'connect', 'upstream_failed'],
  ['UND_ERR_CONNECT_TIMEOUT', 'connect-timeout', 'upstream_timeout'],
  ['ENOTFOUND', 'dns', 'upstream_failed'],
  ['CERT_HAS_EXPIRED', 'tls', 'upstream_failed'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls', 'upstream_failed'],
  ['UND_ERR_SOCKET', 'reset', 'upstream_failed'],
  ['HPE_INVALID_CONSTANT', 'protocol', 'upstream_failed'],
  ['something new', 'connect', 'upstream_failed'],
])('%s', (code, cause, errorCode) => {
  const fault = transportFault(withCode(code));
  expect(fault).toEqual({ blame: 'target', cause, code: errorCode });
  expect(UPSTREAM_CAUSES).toContain(fault.cause);
});

test('anything that is thrown is some cause', () => {
  expect(transportFault(new AggregateError([withCode('ECONNREFUSED')])).cause).toBe('connect');
  for (const thrown of [undefined, null, 5, 'x', {}, new AggregateError([])]) {
    expect(UPSTREAM_CAUSES).toContain(transportFault(thrown).cause);
  }
});
