import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from './behaviours.ts';
import { acceptsConnections, freePort, startProcess, waitUntil } from './processes.ts';

/** `nginx/1.22.1`, or undefined when it is not installed. */
export function nginxVersion(): string | undefined {
  const answer = spawnSync('nginx', ['-v'], { encoding: 'utf8' });
  return answer.status === 0 ? /nginx\/\S+/.exec(answer.stderr)?.[0] : undefined;
}

/**
 * Starts nginx as a bare reverse proxy in front of `upstream`: one process, kept connections, no buffering, no log.
 * It is the yardstick, not a rival: it looks at no body, knows no keys and no money.
 */
export async function startNginx(folder: string, upstream: Target): Promise<Target> {
  const port = await freePort();
  const prefix = join(folder, 'nginx');
  mkdirSync(prefix, { recursive: true });
  writeFileSync(join(prefix, 'nginx.conf'), configuration(port, upstream.port, prefix));
  const running = startProcess({
    command: 'nginx',
    args: ['-p', prefix, '-c', 'nginx.conf', '-e', 'stderr'],
    place: 'target',
  });
  await waitUntil(running, 'nginx', () => acceptsConnections(port));
  return { name: 'nginx', port, processId: running.processId, requests: upstream.requests };
}

function configuration(port: number, upstreamPort: number, prefix: string): string {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid ${prefix}/nginx.pid;
events { worker_connections 8192; }
http {
  access_log off;
${folders.map((name) => `  ${name}_temp_path ${prefix}/${name};`).join('\n')}
  keepalive_requests 100000000;
  upstream mock {
    server 127.0.0.1:${upstreamPort};
    keepalive 2048;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://mock;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 300s;
    }
  }
}
`;
}
