import { useId } from 'react';

/** One of a few, all to be seen. Radio buttons: the arrow keys move between them. */
export function ChoiceChips<Value extends string>(props: {
  label: string;
  name: string;
  choices: readonly { value: Value; label: string; width?: number; height?: number }[];
  value: Value;
  onValue: (value: Value) => void;
}) {
  const id = useId();
  return (
    <fieldset className="grid gap-1.5">
      <legend className="pb-1.5 text-sm font-semibold">{props.label}</legend>
      <div className="flex flex-wrap gap-2">
        {props.choices.map(({ value, label, width, height }) => (
          <label
            key={value}
            className="flex min-h-9 cursor-pointer items-center gap-2 rounded-full border border-edge/60 px-3.5 text-sm hover:border-edge has-checked:border-accent has-checked:bg-accent-soft has-checked:font-semibold has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name={`${id}-${props.name}`}
              checked={value === props.value}
              onChange={() => props.onValue(value)}
              className="sr-only"
            />
            {width !== undefined && height !== undefined && (
              <span
                aria-hidden="true"
                className="rounded-[2px] border-2 border-current"
                style={{ width: width / 90, height: height / 90 }}
              />
            )}
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
