import type { Finding, Repository, Rule } from './repository.ts';

const SOURCE = 'packages/gateway/bin/v8-flags.mjs';
const COPY = 'Dockerfile';

/** The image starts the gateway without its starter, so its entry point names V8's flags once more: the same ones. */
export const imageFlags: Rule = {
  name: 'image-flags',
  check(repository: Repository): Finding[] {
    const textOf = (path: string): string => repository.files.find((file) => file.path === path)?.text ?? '';
    const wanted = flagsIn(/^export const v8Flags = (\[[^\]]*\])/m.exec(textOf(SOURCE))?.[1]);
    const found = flagsIn(/^ENTRYPOINT (\[[^\]]*\])/m.exec(textOf(COPY))?.[1]);
    if (wanted !== '' && wanted === found) return [];
    return [
      {
        path: COPY,
        level: 'error',
        message: `starts Node with "${found}"; ${SOURCE} says "${wanted}"`,
      },
    ];
  },
};

function flagsIn(list: string | undefined): string {
  return [...(list ?? '').matchAll(/['"](--[^'"]+)['"]/g)].map((match) => match[1]).join(' ');
}
