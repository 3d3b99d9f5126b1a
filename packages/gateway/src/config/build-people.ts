import type { OauthConfig, PeopleConfig } from './config.ts';
import type { ConfigFile } from './schema.ts';
import { secretFor } from './secrets.ts';
import type { ResolvedSecret } from './secrets.ts';
import { isThisMachine } from '../core/this-machine.ts';

const DAY_MS = 86_400_000;

/**
 * The section `people`. Who may sign up, when the file does not say: everyone while only this machine reaches the
 * gateway, since then somebody tries it out; else only those who were invited, since each new account gets credit.
 */
export function buildPeople(file: ConfigFile, secrets: readonly ResolvedSecret[]): PeopleConfig {
  const { people, server } = file;
  const { smtp } = people;
  const isTryOut = isThisMachine(server.host) && isOwnAddress(server.public_url);
  return {
    signUp: people.sign_up ?? (isTryOut ? 'open' : 'invite'),
    requireVerifiedEmail: people.require_verified_email ?? smtp !== undefined,
    sessionMs: people.session_days * DAY_MS,
    freeCreditsPerAddress: people.free_credits_per_address,
    refusedEmailDomains: [...people.refused_email_domains],
    secret: secretFor(secrets, ['people', 'secret']),
    wallet: people.wallet,
    oauth: buildOauth(file, secrets),
    smtp:
      smtp === undefined
        ? undefined
        : {
            host: smtp.host,
            port: smtp.port,
            security: smtp.security,
            username: smtp.username,
            password: secretFor(secrets, ['people', 'smtp', 'password']),
            from: smtp.from,
          },
  };
}

function buildOauth({ people }: ConfigFile, secrets: readonly ResolvedSecret[]): OauthConfig[] {
  const { github, google, oidc } = people.oauth;
  const wanted = [
    ...(github === undefined ? [] : [{ name: 'github', path: ['github'], ...github }]),
    ...(google === undefined ? [] : [{ name: 'google', path: ['google'], ...google }]),
    ...Object.entries(oidc).map(([name, provider]) => ({ name, path: ['oidc', name], ...provider })),
  ];
  return wanted.flatMap((provider) => {
    const clientSecret = secretFor(secrets, ['people', 'oauth', ...provider.path, 'client_secret']);
    // The loader has refused a file whose secret is missing.
    if (clientSecret === undefined) return [];
    const discoveryUrl = 'discovery_url' in provider ? provider.discovery_url : undefined;
    return [{ name: provider.name, discoveryUrl, clientId: provider.client_id, clientSecret }];
  });
}

function isOwnAddress(publicUrl: string | undefined): boolean {
  return publicUrl === undefined || isThisMachine(new URL(publicUrl).hostname);
}
