import type { Finding, Repository, RepositoryFile, Rule } from './repository.ts';

type PackageFile = {
  license?: string;
  scripts?: Record<string, string>;
  allowScripts?: Record<string, boolean>;
} & { [list in DependencyList]?: Record<string, string> };

type DependencyList = (typeof dependencyLists)[number];

const dependencyLists = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;
const exactVersion = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
/** The only package whose install script may run: it puts the pinned Node in place. */
const mayRunInstallScript = ['node'];
const installScripts = ['preinstall', 'install', 'postinstall', 'prepare'];

/** Exact versions, one version per dependency, and no code that runs at installation. */
export const packageFiles: Rule = {
  name: 'package-files',
  check(repository: Repository): Finding[] {
    const versions = new Map<string, string>();
    return repository.files
      .filter((file) => /(^|\/)package\.json$/.test(file.path))
      .flatMap((file) => faultsOf(file, versions))
      .map(([path, message]): Finding => ({ path, level: 'error', message }));
  },
};

/** `versions` collects what the files before this one asked for. */
function faultsOf(
  file: RepositoryFile,
  versions: Map<string, string>,
): Array<[path: string, message: string]> {
  const content = JSON.parse(file.text) as PackageFile;
  const faults: string[] = [];
  for (const list of dependencyLists) {
    for (const [name, version] of Object.entries(content[list] ?? {})) {
      if (!exactVersion.test(version)) faults.push(`${name} ${version}: give the exact version`);
      const other = versions.get(name) ?? version;
      if (other !== version) faults.push(`${name} ${version}: another package here has ${other}`);
      versions.set(name, other);
    }
  }
  for (const [name, isAllowed] of Object.entries(content.allowScripts ?? {})) {
    if (isAllowed && !mayRunInstallScript.includes(name))
      faults.push(`allowScripts: ${name} may not run scripts`);
  }
  for (const name of installScripts) {
    if (content.scripts?.[name] !== undefined) faults.push(`scripts.${name} would run at installation`);
  }
  if (content.license !== 'Apache-2.0') faults.push('license is not Apache-2.0');
  return faults.map((message) => [file.path, message]);
}
