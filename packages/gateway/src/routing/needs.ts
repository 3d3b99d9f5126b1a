import type { Needs } from './target.ts';

const ABILITIES = ['tools', 'vision', 'thinking', 'jsonSchema'] as const;

/** Whether each target that serves `needs` would serve `than`, too. */
export function needsNoLess(needs: Needs, than: Needs): boolean {
  const { nativeDialect, continues } = than;
  return (
    needs.contextTokens >= than.contextTokens &&
    ABILITIES.every((ability) => needs[ability] || !than[ability]) &&
    (nativeDialect === undefined || needs.nativeDialect === nativeDialect) &&
    (continues === undefined || needs.continues?.digest === continues.digest)
  );
}
