import { useQuery } from '@tanstack/react-query';
import type { ConsoleModel } from '@switchyard/protocol/console/models.ts';
import { useState } from 'react';
import { modelsQuery } from '../../api/queries.ts';
import { useMay, useSignedIn } from '../../session/session.tsx';
import { createDraft } from '../../ui/draft.ts';
import { Page } from '../../ui/page.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Gallery } from './gallery.tsx';
import { NotifyMe } from './notify-me.tsx';
import { PictureForm } from './picture-form.tsx';
import type { MadePicture } from './picture-run.ts';
import { DEFAULT_SETTINGS, type PictureSettings } from './settings.ts';
import { Stage } from './stage.tsx';
import { useGallery, type GalleryPicture } from './use-gallery.ts';
import { useRun } from './use-run.ts';
import { Viewer } from './viewer.tsx';

/** Adult content stays a choice of each visit. */
const useSettings = createDraft(DEFAULT_SETTINGS, (kept) => ({ ...kept, nsfw: false }));

export default function CreatePage() {
  const models = useQuery(modelsQuery);
  const may = useMay('developer');
  return (
    <Page title="Create a picture" lead="One picture at a time. You pay when it is there, and not otherwise.">
      <Loaded query={models} lines={8}>
        {({ models: all }) => {
          const makers = all.filter(({ kind }) => kind === 'image');
          if (makers.length === 0) return <Empty>This site has no model that makes pictures.</Empty>;
          if (!may)
            return <Empty>Your role in this account may look, not spend. Ask its owner for another.</Empty>;
          return <Studio models={makers} />;
        }}
      </Loaded>
    </Page>
  );
}

function Studio({ models }: { models: readonly ConsoleModel[] }) {
  const { person, account } = useSignedIn();
  const [settings, setSettings] = useSettings(person.id);
  const [openId, setOpenId] = useState<string>();
  const gallery = useGallery(person.id);
  const keep = (picture: MadePicture, of: PictureSettings) => {
    const now = new Date().toISOString();
    void gallery.add({ ...picture, id: `${now}-${picture.requestId}`, createdAt: now, settings: of });
  };
  const { run, start, stop } = useRun({ accountId: account.id, personId: person.id }, keep);
  const model = models.find(({ id }) => id === settings.model) ?? firstChoice(models);
  const pictures = gallery.pictures ?? [];
  const newest = pictures[0];
  const openAt = pictures.findIndex(({ id }) => id === openId);
  const change = (part: Partial<PictureSettings>) => setSettings((now) => ({ ...now, ...part }));
  const generate = () => void start({ ...settings, model: model.id });
  const reuse = (picture: GalleryPicture) => {
    change({ ...picture.settings, seed: picture.seed, nsfw: settings.nsfw });
    setOpenId(undefined);
  };
  const remove = (picture: GalleryPicture) => {
    setOpenId((pictures[openAt + 1] ?? pictures[openAt - 1])?.id);
    void gallery.remove(picture.id);
  };
  return (
    <>
      <div className="grid gap-8 lg:grid-cols-[minmax(20rem,2fr)_minmax(0,3fr)]">
        <PictureForm
          personId={person.id}
          settings={settings}
          onChange={change}
          models={models}
          model={model}
          lastSeed={newest?.seed}
          isRunning={run.kind === 'running'}
          onStart={generate}
          onStop={stop}
        />
        <div className="grid min-w-0 content-start gap-4">
          <NotifyMe models={models} model={model} />
          <Stage run={run} newest={newest} onRetry={generate} onOpen={setOpenId} />
        </div>
      </div>
      <Gallery gallery={gallery} onOpen={setOpenId} />
      <Viewer
        picture={pictures[openAt]}
        onMove={(by) => setOpenId((pictures[openAt + by] ?? pictures[openAt])?.id)}
        onReuse={reuse}
        onDelete={remove}
        onClose={() => setOpenId(undefined)}
      />
    </>
  );
}

/** One that is there now, before one that is not. */
function firstChoice(models: readonly ConsoleModel[]): ConsoleModel {
  const choice = models.find(({ available }) => available) ?? models[0];
  if (choice === undefined) throw new Error('a studio without models');
  return choice;
}
