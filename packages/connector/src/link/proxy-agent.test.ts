import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { selfSigned } from '../testing/self-signed.ts';
import { startLinkClient } from './link-client.ts';
import { proxyAgent, type Proxies } from './proxy-agent.ts';
import type { LinkClient, LinkState } from './types.ts';

/** A gateway with TLS that only the proxy can find, since no name server knows it. */
const HOST = 'gateway.test';
const { cert, key } = selfSigned(HOST);
const gateway = createTlsServer({ cert, key });
const sockets = new WebSocketServer({ server: gateway });
const trusted = getCACertificates('default');

let proxy: Server;
/** What the proxy was asked for. */
let asked: string[];
/** How it answers CONNECT; undefined: it makes the tunnel. */
let refusal: string | undefined;
let tunnels: Socket[];
let client: LinkClient | undefined;
let states: LinkState[];

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const listening = (server: Server) =>
  new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });

beforeAll(async () => {
  setDefaultCACertificates([...trusted, cert]);
  await listening(gateway);
});
afterAll(() => {
  setDefaultCACertificates(trusted);
  sockets.close();
  gateway.close();
  gateway.closeAllConnections();
});

beforeEach(async () => {
  [asked, states, tunnels, refusal] = [[], [], [], undefined];
  proxy = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(501).end();
  });
  proxy.on('connect', (request, socket: Socket, head: Buffer) => {
    const login = request.headers['proxy-authorization'];
    asked.push(`CONNECT ${request.url}${login === undefined ? '' : ` ${login}`}`);
    socket.on('error', () => undefined);
    if (refusal !== undefined) {
      socket.end(refusal);
      return;
    }
    const tunnel = connect(portOf(gateway), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      tunnel.write(head);
      socket.pipe(tunnel).pipe(socket);
    });
    tunnel.on('error', () => undefined);
    tunnels.push(socket, tunnel);
  });
  await listening(proxy);
});
afterEach(() => {
  client?.close();
  client = undefined;
  for (const tunnel of tunnels) tunnel.destroy();
  proxy.close();
  proxy.closeAllConnections();
});

const proxyUrl = (login = ''): string => `http://${login}127.0.0.1:${portOf(proxy)}`;

function start(gatewayUrl: string, proxies: Proxies): void {
  client = startLinkClient({
    gatewayUrl,
    token: 'nk_secret',
    instanceId: 'instance',
    agentVersion: '0.1.0',
    proxies,
    agent: {
      capabilities: () => ({ engine: { kind: 'demo', version: '1' }, slots: { text: 1 }, models: [] }),
      offer: () => ({ reject: 'unsupported' }),
      state: (state) => states.push(state),
    },
  });
}

const failed = () => states.find(({ state }) => state === 'waiting');
const gatewayUrl = (): string => `https://${HOST}:${portOf(gateway)}`;

describe('the link through a proxy', () => {
  it('is a tunnel by CONNECT, with the login of the proxy, and TLS to the gateway in it', async () => {
    const connected = new Promise<{ path: string | undefined; token: string | undefined }>((resolve) => {
      sockets.once('connection', (_socket, { url, headers }) => {
        resolve({ path: url, token: headers.authorization });
      });
    });
    start(gatewayUrl(), { https: proxyUrl('user:p%40ss@'), http: 'http://127.0.0.1:1' });
    expect(await connected).toEqual({ path: '/node/v1', token: 'Bearer nk_secret' });
    const login = Buffer.from('user:p@ss').toString('base64');
    expect(asked).toEqual([`CONNECT ${HOST}:${portOf(gateway)} Basic ${login}`]);
  });

  it.each([
    ['HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'],
    ['HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n'],
    ['nonsense'],
  ])('that refuses with %j is told and tried again later, without the token', async (answer) => {
    refusal = answer;
    start(gatewayUrl(), { https: proxyUrl() });
    await expect.poll(failed).toBeDefined();
    expect(failed()).toMatchObject({ reason: expect.stringContaining('cannot be reached') as unknown });
    expect(JSON.stringify([asked, states])).not.toContain('nk_secret');
  });

  it.each([HOST, '*.test', '.test', '*'])('is not used for hosts of NO_PROXY %s', async (except) => {
    start(gatewayUrl(), { https: proxyUrl(), except });
    await expect.poll(failed).toBeDefined();
    expect(asked).toEqual([]);
  });

  it('takes HTTP_PROXY for a gateway without TLS', async () => {
    start('http://gateway.test:8080', { http: proxyUrl(), https: 'http://127.0.0.1:1' });
    await expect.poll(failed).toBeDefined();
    expect(asked[0]).toBe('GET http://gateway.test:8080/node/v1');
  });
});

describe('no proxy', () => {
  const proxies = { https: 'http://127.0.0.1:1', http: 'http://127.0.0.1:1' };
  it.each([
    'ws://localhost:1/',
    'ws://127.0.0.1:1/',
    'wss://127.9.9.9/',
    'ws://[::1]:1/',
    'wss://a.localhost/',
  ])('stands before %s, which is this machine', (url) => expect(proxyAgent(url, proxies)).toBeUndefined());
  it('stands anywhere when none is named for the kind of address', () => {
    expect(proxyAgent('wss://gateway.test/', { http: 'http://127.0.0.1:1' })).toBeUndefined();
    expect(proxyAgent('ws://gateway.test/', { https: 'http://127.0.0.1:1' })).toBeUndefined();
    expect(proxyAgent('wss://127.example.com/', proxies)).toBeDefined();
  });
});
