import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestGateway } from '../cli/test-gateway.ts';
import type { TestGateway } from '../cli/test-gateway.ts';
import { micros } from '../core/money.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';

const NOW_MS = Date.UTC(2026, 10, 20, 12);
const DAY_MS = 86_400_000;

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await openTestGateway(createVirtualClock(NOW_MS));
});
afterEach(() => gateway.dispose());

const flat = (amountMicros: number) => ({ type: 'flat', amountMicros: micros(amountMicros) }) as const;

describe('two prices of a model that are set at once', () => {
  it('are both kept, and each audit line says what was before it', async () => {
    const { plan, context } = gateway;
    const who = { actor: 'person:ann', nowMs: NOW_MS };
    const set = await Promise.all([
      plan.set(who, { id: 'small' }, { fromMs: NOW_MS, price: flat(20_000) }),
      plan.set(who, { id: 'small' }, { fromMs: NOW_MS + DAY_MS, price: flat(30_000) }),
    ]);
    expect(set.map(({ ok }) => ok)).toEqual([true, true]);
    const amounts = plan.versions('small').map(({ price }) => price.type === 'flat' && price.amountMicros);
    expect(amounts).toEqual([10_000, 20_000, 30_000]);
    const [newest] = await context.registry.auditTrail(1);
    expect(newest?.detail).toMatch(/^\{"type":"flat","amountMicros":20000\} -> /);
    const again = await gateway.reopen();
    const kept = again.models.find('small')?.prices.map(({ price }) => price);
    expect(kept).toEqual([flat(10_000), flat(20_000), flat(30_000)]);
  });
});
