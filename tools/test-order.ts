import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of end-to-end tests that take more than half a minute, the longest first. */
const LONG = [
  'crash-mixed',
  'browser/pages',
  'crash',
  'browser/create',
  'image-failover',
  'browser/chat',
  'chaos',
  'link-hostile',
  'browser/operator',
  'agents/agents',
  'classifiers',
  'continue',
  'deployments',
  'image-requests',
  'browser/operator-second-step',
  'browser/wallet',
];

/**
 * The long files start first: one that starts last runs alone while the other workers have nothing to do. Vitest itself
 * knows how long files take only where they ran before, and goes by their sizes else.
 */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const ranks = new Map(LONG.map((name, rank) => [`/e2e/${name}.test.ts`, rank]));
    const rankOf = ({ moduleId }: TestSpecification) => {
      const at = moduleId.lastIndexOf('/e2e/');
      return (at === -1 ? undefined : ranks.get(moduleId.slice(at))) ?? LONG.length;
    };
    return (await super.sort(files)).toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}
