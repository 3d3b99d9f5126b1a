import {
  useId,
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
} from 'react';
import { classes } from './classes.ts';

const CONTROL =
  'w-full rounded-md border border-edge bg-surface px-3 min-h-9 text-sm text-ink ' +
  'aria-invalid:border-bad disabled:opacity-60';

type FrameProps = {
  label: string;
  /** A sentence below the control that helps before anything is wrong. */
  hint?: ReactNode;
  error?: string | undefined;
};

type ControlAttributes = { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true };

/** Label, hint and error text, tied to one control. */
export function FieldFrame({
  label,
  hint,
  error,
  children,
}: FrameProps & { children: (control: ControlAttributes) => ReactNode }) {
  const id = useId();
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const described = classes(error !== undefined && errorId, hint !== undefined && hintId);
  return (
    <div className="grid grid-cols-1 content-start gap-1.5">
      <label htmlFor={id} className="text-sm font-semibold">
        {label}
      </label>
      {children({
        id,
        ...(described === '' ? {} : { 'aria-describedby': described }),
        ...(error === undefined ? {} : { 'aria-invalid': true as const }),
      })}
      {error !== undefined && (
        <p id={errorId} className="text-sm text-bad">
          {error}
        </p>
      )}
      {hint !== undefined && (
        <p id={hintId} className="text-[0.8125rem] text-soft">
          {hint}
        </p>
      )}
    </div>
  );
}

export type TextFieldProps = FrameProps & Omit<InputHTMLAttributes<HTMLInputElement>, 'id'>;

export function TextField({ label, hint, error, className, ...rest }: TextFieldProps) {
  return (
    <FieldFrame label={label} hint={hint} error={error}>
      {(control) => <input {...rest} {...control} className={classes(CONTROL, className)} />}
    </FieldFrame>
  );
}

/** A text of several lines. */
export function TextArea({
  label,
  hint,
  error,
  className,
  ...rest
}: FrameProps & Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, 'id'>) {
  return (
    <FieldFrame label={label} hint={hint} error={error}>
      {(control) => <textarea {...rest} {...control} className={classes(CONTROL, 'py-2', className)} />}
    </FieldFrame>
  );
}

export type Option = { value: string; label: string };

/** The browser's own select: it works by keyboard, by touch and with every screen reader. */
export function SelectField({
  label,
  hint,
  error,
  options,
  onValue,
  className,
  ...rest
}: FrameProps &
  Omit<SelectHTMLAttributes<HTMLSelectElement>, 'id' | 'onChange'> & {
    options: readonly Option[];
    onValue: (value: string) => void;
  }) {
  return (
    <FieldFrame label={label} hint={hint} error={error}>
      {(control) => (
        <select
          {...rest}
          {...control}
          onChange={(event) => onValue(event.target.value)}
          className={classes(CONTROL, className)}
        >
          <Options options={options} />
        </select>
      )}
    </FieldFrame>
  );
}

/** A small select beside a heading or in a filter bar; its label is read, not shown. */
export function InlineSelect(props: {
  label: string;
  value: string;
  options: readonly Option[];
  onValue: (value: string) => void;
}) {
  const { value, options } = props;
  // From an address: a key that is gone, or one that the reader may not see. Unseen it could not be taken away.
  const isKnown = options.some((option) => option.value === value);
  return (
    <select
      aria-label={props.label}
      value={value}
      onChange={(event) => props.onValue(event.target.value)}
      className="min-h-9 max-w-full rounded-md border border-edge/60 bg-surface px-2.5 sm:max-w-60 text-sm text-ink hover:border-edge"
    >
      <Options options={isKnown ? options : [...options, { value, label: value }]} />
    </select>
  );
}

function Options({ options }: { options: readonly Option[] }) {
  return options.map((option) => (
    <option key={option.value} value={option.value}>
      {option.label}
    </option>
  ));
}

export function Checkbox(props: {
  label: string;
  checked: boolean;
  onChecked: (checked: boolean) => void;
  hint?: string;
}) {
  return (
    <label className="flex min-h-6 items-start gap-2.5 text-sm">
      <input
        type="checkbox"
        checked={props.checked}
        onChange={(event) => props.onChecked(event.target.checked)}
        className="mt-0.5 size-4.5 accent-accent"
      />
      <span>
        {props.label}
        {props.hint !== undefined && <span className="block text-[0.8125rem] text-soft">{props.hint}</span>}
      </span>
    </label>
  );
}
