import type { Proxies } from '../link/proxy-agent.ts';

const NAMES = { https: 'HTTPS_PROXY', http: 'HTTP_PROXY', except: 'NO_PROXY' } as const;

/**
 * The proxies that the environment names for the way to the gateway: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, or the
 * same in small letters, which win, as in curl. A problem names the variable and never its value, which may hold a
 * password.
 */
export function readProxies(
  environment: Readonly<Record<string, string | undefined>>,
  problems: string[],
): Proxies {
  const proxies: Proxies = {};
  for (const [key, name] of Object.entries(NAMES) as [keyof typeof NAMES, string][]) {
    const [small, large] = [environment[name.toLowerCase()], environment[name]];
    const value = small === undefined || small === '' ? large : small;
    if (value === undefined || value === '') continue;
    if (key !== 'except' && !isProxyUrl(value)) {
      problems.push(`${name}: must be the address of a proxy such as http://proxy.example:3128`);
    }
    proxies[key] = value;
  }
  return proxies;
}

function isProxyUrl(text: string): boolean {
  const protocol = URL.canParse(text) ? new URL(text).protocol : '';
  return protocol === 'http:' || protocol === 'https:';
}
