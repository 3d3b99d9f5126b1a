import { useCallback, useEffect, useMemo, useState } from 'react';
import { openRecords } from '../../studio/database.ts';
import type { MadePicture } from './picture-run.ts';
import type { PictureSettings } from './settings.ts';

/** A picture as it is kept in this browser, and nowhere else. */
export type GalleryPicture = MadePicture & { id: string; createdAt: string; settings: PictureSettings };

export type Gallery = {
  /** Newest first; undefined while they are read. */
  pictures: readonly GalleryPicture[] | undefined;
  /** The browser keeps nothing: pictures are here until the page is left. */
  isBroken: boolean;
  add: (picture: GalleryPicture) => Promise<void>;
  remove: (id: string) => Promise<void>;
  clear: () => Promise<void>;
};

/** The pictures of a person in this browser. */
export function useGallery(personId: string): Gallery {
  const records = useMemo(() => openRecords<GalleryPicture>('pictures', personId), [personId]);
  const [pictures, setPictures] = useState<readonly GalleryPicture[]>();
  const [isBroken, setBroken] = useState(false);
  /** What the page shows is changed even where the storage does not work. */
  const attempt = useCallback(async (act: () => Promise<void>) => {
    try {
      await act();
    } catch {
      setBroken(true);
    }
  }, []);
  useEffect(() => {
    let isHere = true;
    void records
      .all()
      .catch(() => {
        setBroken(true);
        return [];
      })
      .then((all) => {
        const sorted = all.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
        if (isHere) setPictures((now) => [...(now ?? []), ...sorted]);
      });
    return () => {
      isHere = false;
      setPictures(undefined);
    };
  }, [records]);
  return {
    pictures,
    isBroken,
    add: async (picture) => {
      setPictures((now) => [picture, ...(now ?? [])]);
      await attempt(() => records.put(picture));
    },
    remove: async (id) => {
      setPictures((now) => now?.filter((picture) => picture.id !== id));
      await attempt(() => records.remove(id));
    },
    clear: async () => {
      setPictures([]);
      await attempt(() => records.clear());
    },
  };
}
