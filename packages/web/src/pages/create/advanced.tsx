import { IMAGE_LIMITS } from '@switchyard/protocol/image.ts';
import { useState } from 'react';
import { Fold } from '../../studio/fold.tsx';
import { Button } from '../../ui/button.tsx';
import { SliderField } from '../../ui/controls.tsx';
import { TextArea, TextField } from '../../ui/field.tsx';
import { readSeed, type PictureSettings } from './settings.ts';

/** What most people never change. `lastSeed`: of the newest picture. */
export function Advanced(props: {
  settings: PictureSettings;
  lastSeed: number | undefined;
  onChange: (change: Partial<PictureSettings>) => void;
}) {
  const { settings, lastSeed, onChange } = props;
  return (
    <Fold title="Advanced">
      <div className="grid gap-5">
        <TextArea
          label="Leave out"
          hint="What the picture shall not show."
          rows={2}
          maxLength={IMAGE_LIMITS.promptMaxChars}
          value={settings.negativePrompt}
          onChange={(event) => onChange({ negativePrompt: event.target.value })}
        />
        <SliderField
          label="Steps"
          hint="More steps take longer and cost the same."
          value={settings.steps}
          min={IMAGE_LIMITS.stepsMin}
          max={IMAGE_LIMITS.stepsMax}
          step={1}
          onValue={(steps) => onChange({ steps: Math.round(steps) })}
        />
        <SliderField
          label="Guidance"
          hint="How strictly the prompt is followed."
          value={settings.guidance}
          min={IMAGE_LIMITS.cfgMin}
          max={IMAGE_LIMITS.cfgMax}
          step={0.5}
          onValue={(guidance) => onChange({ guidance })}
        />
        <SeedField seed={settings.seed} lastSeed={lastSeed} onSeed={(seed) => onChange({ seed })} />
      </div>
    </Fold>
  );
}

/** Keeps what was typed while it is no seed. A seed counts at once: Enter makes the picture without leaving the field. */
function SeedField(props: {
  seed: number | undefined;
  lastSeed: number | undefined;
  onSeed: (seed: number | undefined) => void;
}) {
  const { seed, lastSeed, onSeed } = props;
  const [typed, setTyped] = useState('');
  const typedSeed = readSeed(typed);
  const isTyped = seed === (typedSeed === 'invalid' ? undefined : typedSeed);
  // Else it came from a picture.
  const text = isTyped ? typed : String(seed ?? '');
  const change = (next: string) => {
    const read = readSeed(next);
    setTyped(next);
    onSeed(read === 'invalid' ? undefined : read);
  };
  return (
    <div className="grid gap-2">
      <TextField
        label="Seed"
        hint="The same seed and settings give the same picture. Empty: another one each time."
        inputMode="numeric"
        placeholder="at random"
        value={text}
        error={readSeed(text) === 'invalid' ? `A whole number from 0 to ${IMAGE_LIMITS.seedMax}.` : undefined}
        onChange={(event) => change(event.target.value)}
      />
      <div className="flex flex-wrap gap-2">
        <Button disabled={lastSeed === undefined} onClick={() => onSeed(lastSeed)}>
          {lastSeed === undefined ? 'Use the last seed' : `Use the last seed, ${lastSeed}`}
        </Button>
        {text !== '' && (
          <Button look="quiet" onClick={() => change('')}>
            At random
          </Button>
        )}
      </div>
    </div>
  );
}
