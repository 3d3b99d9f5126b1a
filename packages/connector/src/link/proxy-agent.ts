import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

/** Proxies between this machine and the gateway: for TLS, for addresses without it, and the hosts that need none. */
export type Proxies = { https?: string; http?: string; except?: string };

const LOOPBACK = /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\])$/u;

/**
 * What connects to the node link through the owner's proxy: by CONNECT where the link has TLS. Undefined: straight. This
 * machine's own addresses are always reached straight, whatever the proxies say.
 * Source: "Built-in Proxy Support" in Node's page on http (`proxyEnv` of an agent), v26, read 2026-11-21.
 */
export function proxyAgent(url: string, { https, http, except }: Proxies): HttpAgent | undefined {
  const { protocol, hostname } = new URL(url);
  if (LOOPBACK.test(hostname)) return undefined;
  const exceptions = except === undefined ? {} : { NO_PROXY: except };
  if (protocol === 'wss:') {
    return https === undefined
      ? undefined
      : new HttpsAgent({ proxyEnv: { HTTPS_PROXY: https, ...exceptions } });
  }
  return http === undefined ? undefined : new HttpAgent({ proxyEnv: { HTTP_PROXY: http, ...exceptions } });
}
