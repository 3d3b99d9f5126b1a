import { useQuery } from '@tanstack/react-query';
import { modelsQuery } from '../api/queries.ts';
import { useSignedIn } from './session.tsx';

/** The address and a text model that serves now, for examples to paste. */
export function useExample(): { publicUrl: string; model: string } {
  const { session } = useSignedIn();
  const models = useQuery(modelsQuery).data?.models.filter(({ kind }) => kind === 'text') ?? [];
  const model = models.find(({ available }) => available) ?? models[0];
  return { publicUrl: session.site.publicUrl, model: model?.id ?? 'model' };
}
