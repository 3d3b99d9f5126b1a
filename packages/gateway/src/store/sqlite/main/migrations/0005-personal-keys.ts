import type { Migration } from '../migrate.ts';

/**
 * Whose a key is: NULL for the account's own. A key never changes from one person to another. And what all keys of a
 * person in an account may do together; NULL: no such limit. People themselves are in a file of their own.
 */
export const migration: Migration = {
  version: 5,
  name: 'personal-keys',
  sql: `
ALTER TABLE api_key ADD COLUMN person_id TEXT;
CREATE TRIGGER api_key_keeps_person BEFORE UPDATE OF person_id ON api_key
  WHEN OLD.person_id IS NOT NULL AND NEW.person_id IS NOT OLD.person_id
  BEGIN SELECT RAISE (ABORT, 'a key stays with its person'); END;

CREATE TABLE member_limit (
  account_id TEXT NOT NULL REFERENCES account (id),
  person_id TEXT NOT NULL,
  requests_per_minute INTEGER CHECK (requests_per_minute > 0),
  concurrency INTEGER CHECK (concurrency > 0),
  day_limit_micros INTEGER CHECK (day_limit_micros >= 0),
  week_limit_micros INTEGER CHECK (week_limit_micros >= 0),
  month_limit_micros INTEGER CHECK (month_limit_micros >= 0),
  PRIMARY KEY (account_id, person_id)
) STRICT, WITHOUT ROWID;
`,
};
