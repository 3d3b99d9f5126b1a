import { findBaseUrlProblem } from './engine-config.ts';
import type { Section, YamlSections } from './yaml-sections.ts';

/** What the section of a server is read with. */
export type ServerSource = {
  yaml: YamlSections;
  environment: Readonly<Record<string, string | undefined>>;
};

/** How a server of the owner's is reached: `base_url`, `api_key_env` and `allow_lan`. */
export type ServerAccess = { baseUrl: string; apiKey: string | undefined; allowLan: boolean };

/**
 * Reads how an engine of any kind is reached; undefined when there is no address. Tells every problem, and never the
 * value of a key.
 * @param usualUrl where a server of this kind is when nothing is said; undefined: nowhere
 */
export function readServerAccess(
  { yaml, environment }: ServerSource,
  section: Section,
  usualUrl: string | undefined,
): ServerAccess | undefined {
  const allowLan = yaml.boolean(section, 'allow_lan') ?? false;
  const apiKeyEnv = yaml.text(section, 'api_key_env');
  const apiKey = apiKeyEnv === undefined ? undefined : environment[apiKeyEnv];
  if (apiKeyEnv !== undefined && (apiKey === undefined || apiKey === '')) {
    yaml.problem(section, 'api_key_env', 'names an environment variable that is not set');
  }
  const isUrlMissing = !section.entries.has('base_url');
  const baseUrl = yaml.text(section, 'base_url') ?? (isUrlMissing ? usualUrl : undefined);
  if (baseUrl === undefined) {
    if (isUrlMissing) yaml.problem(section, 'base_url', 'is missing');
    return undefined;
  }
  const urlProblem = findBaseUrlProblem(baseUrl, allowLan);
  if (urlProblem !== undefined) yaml.problem(section, 'base_url', urlProblem);
  return { baseUrl, apiKey, allowLan };
}
