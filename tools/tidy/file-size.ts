import { isSource, isTest, type Finding, type Repository, type Rule } from './repository.ts';

const sourceLines = { warning: 400, error: 500 };
const looseLines = { warning: 800, error: 800 };

/** Tests, recorded fixtures and generated text are tables more than they are read from top to bottom. */
function isLoose(path: string): boolean {
  return isTest(path) || /(^|\/)(__fixtures__|__golden__|generated|models|migrations|testing)\//.test(path);
}

/** Long files are read by nobody. Counted are lines of source and styles. */
export const fileSize: Rule = {
  name: 'file-size',
  check: (repository: Repository): Finding[] =>
    repository.files.flatMap((file) => {
      if (!isSource(file.path) && !file.path.endsWith('.css')) return [];
      const lines = file.text.split('\n').length - 1;
      const bound = isLoose(file.path) ? looseLines : sourceLines;
      if (lines <= bound.warning) return [];
      const level = lines > bound.error ? 'error' : 'warning';
      return [{ path: file.path, level, message: `${lines} lines; at most ${bound.error}, split it` }];
    }),
};
