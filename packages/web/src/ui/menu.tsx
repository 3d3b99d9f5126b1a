import { DropdownMenu as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { classes } from './classes.ts';

export type MenuItem = {
  label: string;
  onSelect: () => void;
  danger?: boolean;
  /** Of a choice: whether it is the chosen one. */
  checked?: boolean;
};

/** A button that opens a list of actions. Not modal, so that no style element is written. */
export function Menu({
  trigger,
  label,
  items,
  align = 'end',
}: {
  /** One button. */
  trigger: ReactNode;
  label: string;
  items: readonly MenuItem[];
  align?: 'start' | 'end';
}) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          aria-label={label}
          align={align}
          sideOffset={6}
          collisionPadding={8}
          className="z-50 min-w-48 max-w-80 rounded-lg border border-line bg-surface p-1 shadow-lift"
        >
          {items.map((item) => (
            <Radix.Item
              key={item.label}
              onSelect={item.onSelect}
              className={classes(
                'flex min-h-9 cursor-default items-center justify-between gap-4 rounded-md px-3 text-sm outline-none',
                'data-highlighted:bg-sunken',
                item.danger === true && 'text-bad',
              )}
            >
              <span className="truncate">{item.label}</span>
              {item.checked === true && <span aria-label="chosen">✓</span>}
            </Radix.Item>
          ))}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
