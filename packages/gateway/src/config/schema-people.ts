import { z } from 'zod';
import { environmentName, flag, line, name, oneOf, shaped, webAddress, wholeNumber } from './fields.ts';

const clientId = () => line(1, 512).describe('The id that the provider gave this gateway.');
const clientSecret = () =>
  environmentName().describe('Environment variable with the secret that the provider gave this gateway.');

const knownProvider = z.strictObject({ client_id: clientId(), client_secret_env: clientSecret() });

const oidcProvider = z.strictObject({
  discovery_url: webAddress('an address that ends in /.well-known/openid-configuration').describe(
    'Where the provider describes itself.',
  ),
  client_id: clientId(),
  client_secret_env: clientSecret(),
});

const oauth = z.strictObject({
  github: knownProvider.optional().describe('Sign-in with GitHub.'),
  google: knownProvider.optional().describe('Sign-in with Google.'),
  oidc: z
    .record(name(), oidcProvider)
    .default({})
    .describe('Sign-in with any provider of OpenID Connect, by a name of your choice.'),
});

const smtp = z.strictObject({
  host: shaped(/^[A-Za-z0-9._:-]{1,253}$/, 'an IP address or host name').describe('Mail server.'),
  port: wholeNumber(1, 65_535).default(587).describe('Its port.'),
  security: oneOf(['starttls', 'tls', 'none'])
    .default('starttls')
    .describe('`tls`: encrypted from the start (port 465). `none`: only for a server on this machine.'),
  username: line(1, 256).optional().describe('Name to sign in with there.'),
  password_env: environmentName()
    .optional()
    .describe('Environment variable with the password to sign in with there.'),
  from: line(3, 320).describe('Sender of all mail: `Example <hello@example.com>`, or the address alone.'),
});

const domain = () =>
  shaped(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/, 'a domain in small letters, such as example.com');

/** People who sign in with a browser. */
export const people = z.strictObject({
  sign_up: oneOf(['open', 'invite', 'closed'])
    .optional()
    .describe(
      'Who may make an account: everyone, people with an invitation, nobody. Default: `open` while only this machine reaches the gateway, else `invite`.',
    ),
  require_verified_email: flag()
    .optional()
    .describe('Whether people must prove their address before they sign in. Default: `true` with `smtp`.'),
  session_days: wholeNumber(1, 90).default(7).describe('How long a sign-in lasts.'),
  free_credits_per_address: wholeNumber(0, 10_000)
    .default(3)
    .describe('How often the welcome credit is given to people of one network address in 24 hours.'),
  refused_email_domains: z
    .array(domain())
    .max(20_000)
    .default([])
    .describe(
      'Domains of throw-away mail, whose addresses cannot make an account, besides the well-known ones. Subdomains count.',
    ),
  secret_env: environmentName()
    .optional()
    .describe(
      'Environment variable with the secret that signs sessions, 32 characters or more. Default: one that is made at the first start and kept in the data folder.',
    ),
  wallet: flag().default(false).describe('Whether people may sign in with an Ethereum wallet.'),
  oauth: oauth.prefault({}).describe('Sign-in with other providers.'),
  smtp: smtp
    .optional()
    .describe(
      'How mail is sent. Without it, links are shown in the terminal, and only while the gateway is used from this machine.',
    ),
});
