import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getMigrations } from 'better-auth/db/migration';
import { expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { authOptions } from '../../../people/better-auth/auth.ts';
import { createUsedCodes } from '../../../people/used-codes.ts';
import { openPeopleStore } from './open.ts';

it('makes every table that the installed Better Auth wants, in a file for its owner only', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-people-'));
  const { store, database } = openPeopleStore(directory, systemClock);
  try {
    const options = authOptions({
      clock: systemClock,
      database,
      secret: 'a secret of tests that has more than 32 characters',
      brand: 'Acme',
      siteUrl: 'http://localhost:8080',
      otherOrigins: [],
      config: { requireVerifiedEmail: false, sessionMs: 60_000, oauth: [], wallet: true },
      mailer: { send: () => undefined },
      usedCodes: createUsedCodes(systemClock),
      mayJoin: () => undefined,
      forgetOtherWays: () => undefined,
      onSessionEnd: () => Promise.resolve(),
    });
    const { toBeCreated, toBeAdded } = await getMigrations(options);
    expect([toBeCreated, toBeAdded]).toEqual([[], []]);
    expect(statSync(join(directory, 'people.sqlite')).mode & 0o077).toBe(0);
  } finally {
    store.close();
    rmSync(directory, { recursive: true });
  }
});
