import type { EffectiveValue, ValueSource } from './config.ts';
import type { OverriddenValues } from './overrides.ts';
import { formatPath, isRecord } from './paths.ts';
import type { Path } from './paths.ts';
import type { ConfigFile } from './schema.ts';
import { REDACTED } from './secret.ts';
import type { ResolvedSecret } from './secrets.ts';
import type { YamlDocument } from './yaml-document.ts';

type Sources = { document: YamlDocument; replaced: OverriddenValues; secrets: readonly ResolvedSecret[] };

/**
 * Every leaf of the effective configuration with its source. Secrets appear as `***` (`null` when they are missing),
 * beside the reference that found them. Values of added headers are hidden too: nobody can know what they are.
 */
export function effectiveValues(file: ConfigFile, sources: Sources): EffectiveValue[] {
  const values: EffectiveValue[] = [];
  const walk = (value: unknown, path: Path): void => {
    if (value === undefined) return;
    if (isRecord(value) && Object.keys(value).length > 0) {
      for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key]);
      return;
    }
    if (Array.isArray(value) && value.some(isRecord)) {
      for (const [index, inner] of value.entries()) walk(inner, [...path, index]);
      return;
    }
    const hidden = path[0] === 'upstreams' && path[2] === 'headers' && path.length === 4;
    const source = sourceOf(path, sources);
    values.push({ path: formatPath(path), value: hidden ? REDACTED : value, source });
    for (const found of sources.secrets) {
      if (!isReferenceAt(found.reference, path)) continue;
      const shown = found.value === undefined ? null : REDACTED;
      values.push({ path: formatPath(found.target), value: shown, source: found.source ?? source });
    }
  };
  walk(file, []);
  return values;
}

/** Whether a reference to a secret stands at the path, alone or in a list. */
function isReferenceAt(reference: Path, path: Path): boolean {
  const place = typeof reference.at(-1) === 'number' ? reference.slice(0, -1) : reference;
  return formatPath(place) === formatPath(path);
}

function sourceOf(path: Path, sources: Sources): ValueSource {
  const replaced = sources.replaced.get(formatPath(path));
  if (replaced !== undefined) return replaced;
  if (!sources.document.has(path)) return { kind: 'default' };
  return { kind: 'file', line: sources.document.positionOf(path, 'value').line };
}
