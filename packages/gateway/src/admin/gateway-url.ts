import type { Config } from '../config/config.ts';

/**
 * Where this gateway can be reached: its public address, else its own.
 * @param port the port in use; undefined: the configured one. Undefined when that is left to the operating system.
 */
export function gatewayUrl({ server }: Pick<Config, 'server'>, port = server.port): string | undefined {
  if (server.publicUrl !== undefined) return server.publicUrl;
  return port === 0 ? undefined : localAddress(server.host, port);
}

/** `http://127.0.0.1:8080`, with a name that a client on this machine can use. */
export function localAddress(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/**
 * Origin under which people open the site in a browser, without a slash at the end. On this machine it is called
 * `localhost`, since passkeys take no address in numbers.
 * @param port the port in use; undefined: the configured one
 */
export function siteUrl({ server }: Pick<Config, 'server'>, port = server.port): string {
  return server.publicUrl === undefined ? `http://localhost:${port}` : new URL(server.publicUrl).origin;
}
