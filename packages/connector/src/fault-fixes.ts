import type { EngineFaultCode } from './engine.ts';

/** What the node's owner can do about a fault, for status lines. */
export const FAULT_FIXES: Record<EngineFaultCode, string> = {
  context_length_exceeded: 'Run the engine with a larger context, or set context_tokens to what it has.',
  invalid_request: 'The engine may be too old for a setting of the request: update it.',
  unsupported: 'Set tools, vision, thinking and json_schema of the model to what it can do.',
  overloaded: 'Lower slots to what the engine serves at a time.',
  engine_unreachable: 'Start the engine, or correct its address.',
  engine_failed: 'Look into the log of the engine.',
  timeout: 'The engine is too slow or hangs: lower slots, or restart it.',
};
