import type { Finding, Repository, Rule } from './repository.ts';

/** A file is executable exactly when its first line says with what. */
export const executableBits: Rule = {
  name: 'executable-bits',
  check: (repository: Repository): Finding[] =>
    repository.files.flatMap((file): Finding[] => {
      const hasInterpreter = file.text.startsWith('#!');
      if (hasInterpreter === file.isExecutable) return [];
      const message = hasInterpreter
        ? 'starts with #! and is not executable: chmod +x'
        : 'is executable without a #! line: chmod -x';
      return [{ path: file.path, level: 'error', message }];
    }),
};
