import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { systemClock } from '../core/clock.ts';

/** What the person at the provider is, and says. */
type Claims = { sub: string; email: string; email_verified: boolean; name: string };

/** What goes wrong. */
export type OidcFault =
  | 'denied'
  | 'wrong-state'
  | 'wrong-nonce'
  | 'wrong-audience'
  | 'wrong-issuer'
  | 'wrong-key'
  | 'expired'
  | 'unsigned'
  | 'token-refused'
  | 'token-hangs'
  | 'discovery-hangs'
  | 'discovery-fails';

/**
 * A provider of OpenID Connect as the specification has it: a code for one use, bound to its client, its address of return
 * and its PKCE challenge, and an id_token signed with RS256. For tests.
 * Source: OpenID Connect Core 1.0 (errata 2), RFC 6749 and RFC 7636, read 2026-11.
 */
export type OidcProvider = {
  discoveryUrl: string;
  clientId: string;
  clientSecret: string;
  person: Claims;
  fault: OidcFault | undefined;
  /** Paths that were asked for. */
  readonly asked: string[];
  /** Resolves when a path is asked for the next time. */
  nextAsk(path: string): Promise<void>;
  close(): void;
};

type Grant = { redirectUri: string; challenge: string; nonce: string };

export async function startOidcProvider(): Promise<OidcProvider> {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const others = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const grants = new Map<string, Grant>();
  const waiting: { path: string; resolve(): void }[] = [];
  let origin = '';
  const provider: OidcProvider = {
    discoveryUrl: '',
    clientId: 'gateway',
    clientSecret: 'secret-of-the-client',
    person: { sub: 'subject-1', email: 'ann@example.com', email_verified: true, name: 'Ann' },
    fault: undefined,
    asked: [],
    nextAsk: (path) => new Promise((resolve) => waiting.push({ path, resolve })),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };

  function authorize(query: URLSearchParams, response: ServerResponse): void {
    const at = (name: string): string => query.get(name) ?? '';
    const isSound =
      at('client_id') === provider.clientId &&
      at('response_type') === 'code' &&
      at('scope').split(' ').includes('openid') &&
      at('code_challenge_method') === 'S256' &&
      at('nonce').length >= 16;
    if (!isSound) return void response.writeHead(400).end('a wrong request');
    const back = new URL(at('redirect_uri'));
    back.searchParams.set('state', provider.fault === 'wrong-state' ? 'x'.repeat(32) : at('state'));
    if (provider.fault === 'denied') {
      back.searchParams.set('error', 'access_denied');
      back.searchParams.set('error_description', 'Call 555 0100 to unlock your account');
    } else {
      const code = randomBytes(16).toString('hex');
      grants.set(code, {
        redirectUri: at('redirect_uri'),
        challenge: at('code_challenge'),
        nonce: at('nonce'),
      });
      back.searchParams.set('code', code);
    }
    response.writeHead(302, { location: back.href }).end();
  }

  function token(form: URLSearchParams, request: IncomingMessage, response: ServerResponse): void {
    const grant = grants.get(form.get('code') ?? '');
    grants.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const isSound =
      provider.fault !== 'token-refused' &&
      isClient(provider, form, request) &&
      grant !== undefined &&
      form.get('grant_type') === 'authorization_code' &&
      form.get('redirect_uri') === grant.redirectUri &&
      challenge === grant.challenge;
    if (!isSound) return sendJson(response, 400, { error: 'invalid_grant' });
    sendJson(response, 200, {
      access_token: randomBytes(16).toString('hex'),
      token_type: 'Bearer',
      expires_in: 300,
      id_token: idToken(grant.nonce),
    });
  }

  function idToken(nonce: string): string {
    const { fault, person, clientId } = provider;
    const nowSeconds = Math.floor(systemClock.nowMs() / 1_000);
    const claims = {
      ...person,
      iss: fault === 'wrong-issuer' ? 'https://evil.example' : origin,
      aud: fault === 'wrong-audience' ? 'another client' : clientId,
      nonce: fault === 'wrong-nonce' ? 'n'.repeat(32) : nonce,
      iat: nowSeconds - 3_600,
      exp: nowSeconds + (fault === 'expired' ? -600 : 300),
    };
    const algorithm = fault === 'unsigned' ? 'none' : 'RS256';
    const text = `${encoded({ alg: algorithm, kid: 'one' })}.${encoded(claims)}`;
    if (fault === 'unsigned') return `${text}.`;
    const key: KeyObject = (fault === 'wrong-key' ? others : keys).privateKey;
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', origin);
    provider.asked.push(url.pathname);
    for (const one of waiting) if (one.path === url.pathname) one.resolve();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      switch (url.pathname) {
        case '/.well-known/openid-configuration':
          if (provider.fault === 'discovery-hangs') return;
          if (provider.fault === 'discovery-fails') return sendJson(response, 503, {});
          return sendJson(response, 200, discovery(origin));
        case '/authorize':
          return authorize(url.searchParams, response);
        case '/token':
          if (provider.fault === 'token-hangs') return;
          return token(new URLSearchParams(Buffer.concat(chunks).toString()), request, response);
        case '/jwks':
          return sendJson(response, 200, {
            keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' }],
          });
        default:
          return sendJson(response, 404, {});
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  origin = `http://127.0.0.1:${address.port}`;
  provider.discoveryUrl = `${origin}/.well-known/openid-configuration`;
  return provider;
}

function discovery(origin: string): object {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    jwks_uri: `${origin}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
  };
}

/** By HTTP Basic or in the form. */
function isClient(
  { clientId, clientSecret }: OidcProvider,
  form: URLSearchParams,
  request: IncomingMessage,
): boolean {
  const [, basic] = (request.headers.authorization ?? '').split('Basic ');
  if (basic === undefined) {
    return form.get('client_id') === clientId && form.get('client_secret') === clientSecret;
  }
  const [name = '', secret = ''] = Buffer.from(basic, 'base64').toString().split(':');
  const plain = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));
  return plain(name) === clientId && plain(secret) === clientSecret;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
