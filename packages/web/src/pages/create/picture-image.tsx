import { useCallback } from 'react';
import type { GalleryPicture } from './use-gallery.ts';

/** A kept picture. Its address lives as long as the element. */
export function PictureImage(props: {
  picture: Pick<GalleryPicture, 'png' | 'width' | 'height'>;
  alt: string;
  className?: string;
}) {
  const { picture, alt, className } = props;
  const { png, width, height } = picture;
  const show = useCallback(
    (image: HTMLImageElement) => {
      const url = URL.createObjectURL(png);
      image.src = url;
      return () => URL.revokeObjectURL(url);
    },
    [png],
  );
  return <img ref={show} alt={alt} width={width} height={height} className={className} />;
}
