import { expect, test } from 'vitest';
import type { ErrorCode } from '../../core/errors.ts';
import { ERRORS, errorRow, fault } from '../../core/errors.ts';
import { adaptForCodex } from './adapt-fault.ts';

const CODEX = ['Accept', 'text/event-stream', 'Originator', 'codex_exec'];

test.each([
  ['insufficient_credits', 'insufficient_quota'],
  ['spend_limit_reached', 'insufficient_quota'],
  ['draining', 'server_is_overloaded'],
  ['ledger_unavailable', 'server_is_overloaded'],
] as const)('Codex gets %s as %s, in the same words', (code, adapted) => {
  const value = fault(code, { message: 'Exactly this.', retryAfterMs: 2_000 });
  expect(adaptForCodex(value, CODEX)).toMatchObject({ code: adapted, message: 'Exactly this.' });
  expect(adaptForCodex(fault(code), CODEX).message).toBe(errorRow(code).publicMessage);
});

test('what Codex is told to repeat has a wait; nothing online has none, as before', () => {
  expect(adaptForCodex(fault('ledger_unavailable'), CODEX).retryAfterMs).toBe(3_000);
  expect(adaptForCodex(fault('draining', { retryAfterMs: 2_000 }), CODEX).retryAfterMs).toBe(2_000);
  const offline = fault('server_is_overloaded');
  expect(adaptForCodex(offline, CODEX)).toBe(offline);
});

test('no other client and no other fault is touched, and Codex never sees a 402 or a bare 503', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const value = fault(code);
    expect(adaptForCodex(value, ['originator', 'opencode', 'user-agent', 'codex'])).toBe(value);
    expect(adaptForCodex(value, [])).toBe(value);
    const { status } = errorRow(code);
    const seen = adaptForCodex(value, CODEX);
    if (status !== 402 && status !== 503) expect(seen).toBe(value);
    else expect(['insufficient_quota', 'server_is_overloaded']).toContain(seen.code);
  }
});
