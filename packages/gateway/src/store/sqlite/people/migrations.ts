import type { Migration } from '../main/migrate.ts';

/**
 * The first seven tables are Better Auth's, in its own spelling, as its `compileMigrations` (1.7.6, with the plugins of
 * `people/better-auth/`) writes them; a test compares them with what the installed version wants. They are here, too, so
 * that a start needs not load it. Times there are ISO 8601 texts; ours are milliseconds since 1970.
 * `free_credit` outlives people: only digests are in it.
 */
const people: Migration = {
  version: 1,
  name: 'people',
  sql: `
CREATE TABLE "user" ("id" text NOT NULL PRIMARY KEY, "name" text NOT NULL, "email" text NOT NULL UNIQUE, "emailVerified" integer NOT NULL, "image" text, "createdAt" date NOT NULL, "updatedAt" date NOT NULL, "twoFactorEnabled" integer);
CREATE TABLE "session" ("id" text NOT NULL PRIMARY KEY, "expiresAt" date NOT NULL, "token" text NOT NULL UNIQUE, "createdAt" date NOT NULL, "updatedAt" date NOT NULL, "ipAddress" text, "userAgent" text, "userId" text NOT NULL REFERENCES "user" ("id") ON DELETE CASCADE);
CREATE TABLE "account" ("id" text NOT NULL PRIMARY KEY, "accountId" text NOT NULL, "providerId" text NOT NULL, "userId" text NOT NULL REFERENCES "user" ("id") ON DELETE CASCADE, "accessToken" text, "refreshToken" text, "idToken" text, "accessTokenExpiresAt" date, "refreshTokenExpiresAt" date, "scope" text, "password" text, "createdAt" date NOT NULL, "updatedAt" date NOT NULL);
CREATE TABLE "verification" ("id" text NOT NULL PRIMARY KEY, "identifier" text NOT NULL, "value" text NOT NULL, "expiresAt" date NOT NULL, "createdAt" date NOT NULL, "updatedAt" date NOT NULL);
CREATE TABLE "twoFactor" ("id" text NOT NULL PRIMARY KEY, "secret" text NOT NULL, "backupCodes" text NOT NULL, "userId" text NOT NULL REFERENCES "user" ("id") ON DELETE CASCADE, "verified" integer, "failedVerificationCount" integer, "lockedUntil" date);
CREATE TABLE "passkey" ("id" text NOT NULL PRIMARY KEY, "name" text, "publicKey" text NOT NULL, "userId" text NOT NULL REFERENCES "user" ("id") ON DELETE CASCADE, "credentialID" text NOT NULL, "counter" integer NOT NULL, "deviceType" text NOT NULL, "backedUp" integer NOT NULL, "transports" text, "createdAt" date, "aaguid" text);
CREATE TABLE "walletAddress" ("id" text NOT NULL PRIMARY KEY, "userId" text NOT NULL REFERENCES "user" ("id") ON DELETE CASCADE, "address" text NOT NULL, "chainId" integer NOT NULL, "isPrimary" integer NOT NULL, "createdAt" date NOT NULL);
CREATE INDEX "session_userId_idx" ON "session" ("userId");
CREATE INDEX "account_userId_idx" ON "account" ("userId");
CREATE INDEX "verification_identifier_idx" ON "verification" ("identifier");
CREATE INDEX "twoFactor_secret_idx" ON "twoFactor" ("secret");
CREATE INDEX "twoFactor_userId_idx" ON "twoFactor" ("userId");
CREATE INDEX "passkey_userId_idx" ON "passkey" ("userId");
CREATE INDEX "passkey_credentialID_idx" ON "passkey" ("credentialID");
CREATE INDEX "walletAddress_userId_idx" ON "walletAddress" ("userId");

CREATE TABLE standing (
  person_id TEXT PRIMARY KEY REFERENCES "user" ("id") ON DELETE CASCADE,
  site TEXT NOT NULL CHECK (site IN ('person', 'operator')),
  home_account_id TEXT NOT NULL,
  home_made INTEGER NOT NULL CHECK (home_made IN (0, 1))
) STRICT;
CREATE TABLE membership (
  account_id TEXT NOT NULL,
  person_id TEXT NOT NULL REFERENCES "user" ("id") ON DELETE CASCADE,
  role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'viewer')),
  since INTEGER NOT NULL,
  PRIMARY KEY (account_id, person_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_person ON membership (person_id);
CREATE TABLE invitation (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  email TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'viewer')),
  invited_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  digest TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX invitation_account ON invitation (account_id);
CREATE TABLE operator_link (digest TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE free_credit (
  email_digest TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  address_digest TEXT,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX free_credit_address ON free_credit (address_digest, at) WHERE address_digest IS NOT NULL;
`,
};

const invitationMails: Migration = {
  version: 2,
  name: 'mails of invitation by day',
  sql: `
CREATE TABLE invitation_mail (
  account_id TEXT NOT NULL,
  day INTEGER NOT NULL,
  mails INTEGER NOT NULL,
  PRIMARY KEY (account_id, day)
) STRICT, WITHOUT ROWID;
`,
};

const emailClaims: Migration = {
  version: 3,
  name: 'addresses to be confirmed',
  sql: `
CREATE TABLE email_claim (
  digest TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES "user" ("id") ON DELETE CASCADE,
  email TEXT NOT NULL,
  mailbox TEXT NOT NULL,
  at INTEGER NOT NULL,
  open INTEGER NOT NULL CHECK (open IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX email_claim_person ON email_claim (person_id, at);
CREATE INDEX email_claim_mailbox ON email_claim (mailbox, at);
`,
};

/** In order, without gaps. A migration that was ever released is never edited: the next one corrects it. */
export const PEOPLE_MIGRATIONS: readonly Migration[] = [people, invitationMails, emailClaims];
