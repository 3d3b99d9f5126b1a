import type { Finding, Repository, Rule } from './repository.ts';

/** Each place that names the Node version, and how to read it there. */
const places: ReadonlyArray<{ path: string; pattern: RegExp }> = [
  { path: '.node-version', pattern: /^\s*v?(\S+)\s*$/ },
  { path: 'package.json', pattern: /"devDependencies"[^}]*"node":\s*"([^"]+)"/ },
  { path: 'Dockerfile', pattern: /^ARG NODE_VERSION=(\S+)$/m },
  { path: 'Dockerfile.connector', pattern: /^ARG NODE_VERSION=(\S+)$/m },
];

/** One version of Node in every place that pins it. */
export const nodeVersion: Rule = {
  name: 'node-version',
  check(repository: Repository): Finding[] {
    const found = places.map(({ path, pattern }) => {
      const text = repository.files.find((file) => file.path === path)?.text ?? '';
      return { path, version: pattern.exec(text)?.[1] };
    });
    const wanted = found[0]?.version;
    return found
      .filter(({ version }) => version === undefined || version !== wanted)
      .map(({ path, version }) => ({
        path,
        level: 'error',
        message:
          version === undefined
            ? 'does not name the version of Node'
            : `names Node ${version}; .node-version says ${wanted}`,
      }));
  },
};
