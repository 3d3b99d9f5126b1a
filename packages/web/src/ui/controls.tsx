import { Slider as RadixSlider, Switch as RadixSwitch, Tooltip as RadixTooltip } from 'radix-ui';
import { useId, useState, type ReactNode } from 'react';

/** On or off, at once. */
export function Switch(props: {
  label: string;
  hint?: string;
  checked: boolean;
  onChecked: (checked: boolean) => void;
  disabled?: boolean;
}) {
  const id = useId();
  return (
    <div className="flex items-start justify-between gap-6">
      <label htmlFor={id} className="text-sm font-semibold">
        {props.label}
        {props.hint !== undefined && (
          <span className="block text-[0.8125rem] font-normal text-soft">{props.hint}</span>
        )}
      </label>
      <RadixSwitch.Root
        id={id}
        checked={props.checked}
        onCheckedChange={props.onChecked}
        disabled={props.disabled ?? false}
        className="relative h-6 w-11 shrink-0 rounded-full border border-edge bg-sunken transition-colors data-[state=checked]:border-accent data-[state=checked]:bg-accent"
      >
        <RadixSwitch.Thumb className="block size-4 translate-x-1 rounded-full bg-edge transition-transform forced-colors:bg-[CanvasText] data-[state=checked]:translate-x-[1.4rem] data-[state=checked]:bg-on-accent" />
      </RadixSwitch.Root>
    </div>
  );
}

/**
 * A number by slider or by typing: nothing needs a drag. What is typed stays as it is until the field is left, since `25`
 * begins with a 2 that may be below the range; only what is in the range counts.
 */
export function SliderField(props: {
  label: string;
  hint?: string;
  value: number;
  min: number;
  max: number;
  step: number;
  onValue: (value: number) => void;
}) {
  const id = useId();
  const { label, value, min, max, step, onValue } = props;
  const [typed, setTyped] = useState<string>();
  const type = (text: string) => {
    setTyped(text);
    const number = Number(text);
    if (text !== '' && number >= min && number <= max) onValue(number);
  };
  const leave = () => {
    setTyped(undefined);
    if (typed !== undefined && typed !== '') onValue(Math.min(max, Math.max(min, Number(typed))));
  };
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="text-sm font-semibold">
        {label}
      </label>
      <div className="flex items-center gap-4">
        <RadixSlider.Root
          value={[value]}
          min={min}
          max={max}
          step={step}
          onValueChange={([next]) => next !== undefined && onValue(next)}
          className="relative flex h-6 flex-1 touch-none items-center"
        >
          <RadixSlider.Track className="relative h-1 flex-1 rounded-full bg-edge/50">
            <RadixSlider.Range className="absolute h-full rounded-full bg-accent" />
          </RadixSlider.Track>
          <RadixSlider.Thumb
            aria-label={label}
            className="block size-6 rounded-full border-2 border-accent bg-surface"
          />
        </RadixSlider.Root>
        <input
          id={id}
          type="number"
          value={typed ?? value}
          min={min}
          max={max}
          step={step}
          onChange={(event) => type(event.target.value)}
          onBlur={leave}
          className="min-h-9 w-24 rounded-md border border-edge bg-surface px-2 text-sm tabular-nums"
        />
      </div>
      {props.hint !== undefined && <p className="text-[0.8125rem] text-soft">{props.hint}</p>}
    </div>
  );
}

/** A few words about a control, on hover and focus. Never the only place of something needed. */
export function Tooltip({ text, children }: { text: string; children: ReactNode }) {
  return (
    <RadixTooltip.Provider delayDuration={300}>
      <RadixTooltip.Root>
        <RadixTooltip.Trigger asChild>{children}</RadixTooltip.Trigger>
        <RadixTooltip.Portal>
          <RadixTooltip.Content
            sideOffset={6}
            collisionPadding={8}
            className="z-50 max-w-72 rounded-md bg-ink px-3 py-1.5 text-[0.8125rem] text-ground"
          >
            {text}
          </RadixTooltip.Content>
        </RadixTooltip.Portal>
      </RadixTooltip.Root>
    </RadixTooltip.Provider>
  );
}
