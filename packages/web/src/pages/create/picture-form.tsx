import { IMAGE_LIMITS } from '@switchyard/protocol/image.ts';
import type { ConsoleModel } from '@switchyard/protocol/console/models.ts';
import type { FormEvent, KeyboardEvent, MouseEvent } from 'react';
import { focusText, useEscape } from '../../studio/keys.ts';
import { Button } from '../../ui/button.tsx';
import { SelectField, TextArea } from '../../ui/field.tsx';
import { creditsText } from '../../ui/money.tsx';
import { Status } from '../../ui/status.tsx';
import { AdultSwitch } from './adult-switch.tsx';
import { Advanced } from './advanced.tsx';
import { ChoiceChips } from './choice-chips.tsx';
import { ASPECT_CHOICES, STYLE_CHOICES, type PictureSettings } from './settings.ts';

export type PictureFormProps = {
  personId: string;
  settings: PictureSettings;
  onChange: (change: Partial<PictureSettings>) => void;
  models: readonly ConsoleModel[];
  model: ConsoleModel;
  lastSeed: number | undefined;
  isRunning: boolean;
  onStart: () => void;
  onStop: () => void;
};

/** The prompt, and what can be chosen about it. */
export function PictureForm(props: PictureFormProps) {
  const { personId, settings, onChange, models, model, lastSeed, isRunning, onStart, onStop } = props;
  const isReady = settings.prompt.trim() !== '' && !isRunning;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isReady) onStart();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && isReady) onStart();
  };
  useEscape(isRunning, onStop);
  // The button is the same one, so that the focus stays on it; the second press of a double click stops nothing.
  const press = (event: MouseEvent) => {
    if (!isRunning) return;
    // Stopping makes it the sending button again before the browser has done what a press of it does.
    event.preventDefault();
    if (event.detail < 2) onStop();
  };
  return (
    <form ref={focusText} onSubmit={submit} className="grid content-start gap-5">
      <TextArea
        label="Prompt"
        hint="Ctrl+Enter makes the picture, Escape stops it."
        placeholder="A red house on a hill, morning light"
        rows={4}
        maxLength={IMAGE_LIMITS.promptMaxChars}
        value={settings.prompt}
        onChange={(event) => onChange({ prompt: event.target.value })}
        onKeyDown={onKeyDown}
      />
      <ChoiceChips
        label="Style"
        name="style"
        choices={STYLE_CHOICES}
        value={settings.style}
        onValue={(style) => onChange({ style })}
      />
      <ChoiceChips
        label="Shape"
        name="aspect"
        choices={ASPECT_CHOICES}
        value={settings.aspect}
        onValue={(aspect) => onChange({ aspect })}
      />
      <div className="grid gap-1.5">
        <SelectField
          label="Model"
          value={model.id}
          options={models.map(({ id, displayName }) => ({ value: id, label: displayName }))}
          onValue={(id) => onChange({ model: id })}
        />
        <p className="text-[0.8125rem]">
          <Status tone={model.available ? 'good' : 'warn'}>{availabilityWord(model)}</Status>
        </p>
      </div>
      <AdultSwitch personId={personId} checked={settings.nsfw} onChecked={(nsfw) => onChange({ nsfw })} />
      <Advanced settings={settings} lastSeed={lastSeed} onChange={onChange} />
      <Button
        look={isRunning ? 'danger' : 'primary'}
        type={isRunning ? 'button' : 'submit'}
        onClick={press}
        disabled={!isRunning && !isReady}
        className="min-h-11 w-full"
      >
        {isRunning ? 'Stop' : `Generate${priceText(model)}`}
      </Button>
    </form>
  );
}

function priceText({ price }: ConsoleModel): string {
  return price.type === 'flat' ? `, ${creditsText(price.perRequest.micros)}` : '';
}

function availabilityWord({ available, expectedWaitSeconds }: ConsoleModel): string {
  if (!available) return 'offline';
  if (expectedWaitSeconds === null || expectedWaitSeconds < 1) return 'available';
  return `available, waits about ${Math.ceil(expectedWaitSeconds)} s`;
}
