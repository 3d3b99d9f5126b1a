import type { OperatorModel } from '@switchyard/protocol/console/operator.ts';

/** Where requests of a model go, in order of preference. */
export function Routes({ routes }: Pick<OperatorModel, 'routes'>) {
  return (
    <ol className="grid gap-1">
      {routes.map(({ kind, target, model }) => (
        <li key={`${kind} ${target} ${model}`}>
          <span className="block">
            {kind} {target}
          </span>
          <code className="block font-mono text-xs break-all text-soft">{model}</code>
        </li>
      ))}
    </ol>
  );
}
