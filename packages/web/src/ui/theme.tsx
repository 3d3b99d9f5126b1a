import { useState } from 'react';
import { Icon, type IconName } from './icon.tsx';

type Theme = 'light' | 'dark' | 'system';

const CHOICES: readonly { theme: Theme; label: string; icon: IconName }[] = [
  { theme: 'light', label: 'Light', icon: 'sun' },
  { theme: 'system', label: 'As the system', icon: 'screen' },
  { theme: 'dark', label: 'Dark', icon: 'moon' },
];
const YEAR_SECONDS = 31_536_000;

/** Three ways. The cookie lets the gateway write the choice into every page, so that none flashes. */
export function ThemeSwitch() {
  const [chosen, setChosen] = useState<Theme>(current);
  const choose = (theme: Theme) => {
    setChosen(theme);
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
    const age = theme === 'system' ? 0 : YEAR_SECONDS;
    document.cookie = `theme=${theme}; path=/; max-age=${age}; samesite=lax`;
  };
  return (
    <div
      role="radiogroup"
      aria-label="Theme"
      className="inline-flex justify-self-start rounded-lg border border-line p-0.5"
    >
      {CHOICES.map(({ theme, label, icon }) => (
        <label
          key={theme}
          title={label}
          className="flex size-8 cursor-pointer items-center justify-center rounded-md text-soft has-checked:bg-sunken has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            name="theme"
            checked={chosen === theme}
            onChange={() => choose(theme)}
            className="sr-only"
            aria-label={label}
          />
          <Icon name={icon} size={16} />
        </label>
      ))}
    </div>
  );
}

function current(): Theme {
  const theme = document.documentElement.dataset['theme'];
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}
