import { adapterFolders, gatewayFiles, gatewayFolders, packages, sharedFolders } from './boundary-table.ts';
import { importsOf, resolveRelative, type ImportStatement } from './imports.ts';
import {
  isSource,
  isTest,
  type Finding,
  type Repository,
  type RepositoryFile,
  type Rule,
} from './repository.ts';

const gatewayRoot = 'packages/gateway/src/';

/** Imports against the direction that docs/architecture.md gives, of values and of types. */
export const boundaries: Rule = {
  name: 'boundaries',
  check: (repository: Repository): Finding[] =>
    repository.files
      .filter((file) => /^packages\/[^/]+\/src\//.test(file.path) && isSource(file.path))
      .flatMap((file) =>
        importsOf(file).flatMap((statement) => {
          const fault = statement.specifier.startsWith('.')
            ? faultOfRelative(file, statement)
            : faultOfPackage(file, statement.specifier);
          if (fault === undefined) return [];
          const finding: Finding = { path: file.path, line: statement.line, level: 'error', message: fault };
          return [finding];
        }),
      ),
};

function faultOfRelative(file: RepositoryFile, statement: ImportStatement): string | undefined {
  const target = resolveRelative(file.path, statement.specifier);
  if (!target.startsWith(`packages/${packageOf(file.path)}/`)) {
    return `imports ${target}: name the other package instead of walking into it`;
  }
  if (!file.path.startsWith(gatewayRoot) || !target.startsWith(gatewayRoot) || isTest(file.path))
    return undefined;
  const from = gatewayFolderOf(file.path);
  const to = gatewayFolderOf(target);
  if (from === to) return faultBetweenAdapters(file.path, target, from);
  const allowed = gatewayFiles[file.path] ?? gatewayFolders[from];
  if (allowed === undefined)
    return `the folder ${from} is not in tools/tidy/boundary-table.ts: give it a place`;
  if (allowed.values.includes(to)) return undefined;
  if (allowed.types?.includes(to) !== true) return `${from} may not import ${to} (${target})`;
  return statement.isTypeOnly ? undefined : `${from} may import only types of ${to} (${target})`;
}

function faultBetweenAdapters(path: string, target: string, folder: string): string | undefined {
  if (!adapterFolders.includes(folder)) return undefined;
  const from = adapterOf(path);
  const to = adapterOf(target);
  if (from === to || from === undefined || to === undefined || sharedFolders.includes(to)) return undefined;
  return `${folder}/${from} may not import its neighbour ${folder}/${to}`;
}

function faultOfPackage(file: RepositoryFile, specifier: string): string | undefined {
  const owner = packageOf(file.path);
  const rule = packages[owner];
  if (rule === undefined)
    return `the package ${owner} is not in tools/tidy/boundary-table.ts: give it a place`;
  const workspace = /^@switchyard\/([^/]+)/.exec(specifier)?.[1];
  if (workspace !== undefined) {
    return rule.workspace.includes(workspace)
      ? undefined
      : `${owner} may not import the package ${workspace}`;
  }
  if (rule.others === 'any' || isTest(file.path)) return undefined;
  if (rule.others === 'built-in' && specifier.startsWith('node:')) return undefined;
  return `${owner} may not import ${specifier}: it has no dependencies`;
}

function packageOf(path: string): string {
  return path.split('/')[1] ?? '';
}

/** `inference` for a file under `inference/`, `main` for `main.ts`. */
function gatewayFolderOf(path: string): string {
  const [first = ''] = path.slice(gatewayRoot.length).split('/');
  return first.replace(/\.tsx?$/, '');
}

/** `chat-completions` for `surfaces/chat-completions/decode.ts`; undefined for a file directly in `surfaces/`. */
function adapterOf(path: string): string | undefined {
  const parts = path.slice(gatewayRoot.length).split('/');
  return parts.length > 2 ? parts[1] : undefined;
}
