import { z } from 'zod';
import type { Registry } from '../accounts/registry.ts';
import { fault, type Fault } from '../core/errors.ts';
import { ok } from '../core/result.ts';

/** New requests are refused while it is on; running ones end. It survives a restart. */
export type Maintenance = { on: boolean; message: string };

export type MaintenanceSwitch = {
  state(): Maintenance;
  /** What new requests are told. Undefined: they may come. */
  refusal(): Fault | undefined;
  /** Durable when it resolves. Rejects when the store fails. */
  set(actor: string, wanted: Maintenance): Promise<void>;
};

const META_KEY = 'maintenance';
const RETRY_AFTER_MS = 60_000;
const stored = z.strictObject({ on: z.boolean(), message: z.string() });

export async function openMaintenance(registry: Registry): Promise<MaintenanceSwitch> {
  const text = await registry.meta(META_KEY);
  let state: Maintenance = text === undefined ? { on: false, message: '' } : stored.parse(JSON.parse(text));
  let refusal = refusalOf(state);
  return {
    state: () => state,
    refusal: () => refusal,
    async set(actor, wanted) {
      await registry.change(() =>
        ok({
          changes: [{ type: 'set-meta', key: META_KEY, value: JSON.stringify(wanted) }],
          audit: {
            actor,
            action: 'maintenance.set',
            subject: 'gateway',
            detail: `${words(state)} -> ${words(wanted)}`,
          },
          value: undefined,
        }),
      );
      state = wanted;
      refusal = refusalOf(wanted);
    },
  };
}

function refusalOf({ on, message }: Maintenance): Fault | undefined {
  if (!on) return undefined;
  return fault('maintenance', { retryAfterMs: RETRY_AFTER_MS, ...(message === '' ? {} : { message }) });
}

const words = ({ on, message }: Maintenance): string => (on ? `on (${message})` : 'off');
