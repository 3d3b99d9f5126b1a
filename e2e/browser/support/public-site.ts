import { connect, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import { selfSignedCertificate } from '../../../packages/gateway/src/people/testing-certificate.ts';
import { startGateway, type Gateway } from '../../support/gateway.ts';

/** The name under which others would reach the gateway; the browser of the test is told where it is. */
export const PUBLIC_NAME = 'switchyard.test';
const DAY_MS = 86_400_000;

export type PublicSite = { gateway: Gateway; url: string; close(): void };

/** A gateway behind a proxy that ends TLS, as one stands that is used from other machines. */
export async function startPublicSite(config: string): Promise<PublicSite> {
  const now = Date.now();
  const certificate = selfSignedCertificate([PUBLIC_NAME], { fromMs: now - DAY_MS, untilMs: now + DAY_MS });
  const sockets = new Set<Socket>();
  let port = 0;
  const proxy = createServer(certificate, (client) => {
    const server = connect(port, '127.0.0.1');
    client.pipe(server).pipe(client);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  // A browser that knows no such authority says so in the handshake, and goes on.
  proxy.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = `https://${PUBLIC_NAME}:${address.port}`;
  const gateway = await startGateway({ config: `${config}server: { public_url: "${url}" }\n` });
  ({ port } = gateway);
  return {
    gateway,
    url,
    close() {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
