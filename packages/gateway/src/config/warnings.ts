import type { Config, UpstreamConfig } from './config.ts';
import type { Finding } from './issues.ts';
import { isThisMachine } from '../core/this-machine.ts';

/** What works, but is likely not meant. Judged on the finished configuration. */
export function findWarnings(config: Config): Finding[] {
  const warnings: Finding[] = [];
  if (config.models.length === 0)
    warnings.push(warning(['models'], 'no model is defined; only deployments of accounts answer'));
  for (const upstream of config.upstreams) warnings.push(...upstreamWarnings(upstream));
  const { publicUrl } = config.server;
  if (publicUrl !== undefined && isOpenToTheWay(new URL(publicUrl))) {
    const reason = 'is not encrypted: keys, passwords and sessions can be read on the way';
    warnings.push(warning(['server', 'public_url'], reason));
  }
  const off = new Set(
    config.upstreams.filter((upstream) => !upstream.enabled).map((upstream) => upstream.name),
  );
  for (const [index, model] of config.models.entries()) {
    if (model.routes.every((route) => route.kind === 'upstream' && off.has(route.upstream))) {
      warnings.push(
        warning(['models', index, 'routes'], 'all its upstreams are switched off; the model is unavailable'),
      );
    }
  }
  return warnings;
}

function isOpenToTheWay({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && !isThisMachine(hostname);
}

function upstreamWarnings(upstream: UpstreamConfig): Finding[] {
  const path = ['upstreams', upstream.name, 'base_url'];
  const url = new URL(upstream.baseUrl);
  const local = isThisMachine(url.hostname);
  if (local && upstream.allowPrivateAddresses === false) {
    return [warning(path, 'is an address of this machine, which allow_private_addresses: false refuses')];
  }
  if (isOpenToTheWay(url) && upstream.apiKeys.length > 0 && upstream.allowPrivateAddresses === false) {
    return [warning(path, 'is not encrypted: the key and every prompt can be read on the way')];
  }
  return [];
}

function warning(path: Finding['path'], reason: string): Finding {
  return { path, part: 'value', reason, allowed: undefined };
}
