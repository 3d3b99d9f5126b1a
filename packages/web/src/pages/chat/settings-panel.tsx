import type { ConsoleModel } from '@switchyard/protocol/console/models.ts';
import { useState } from 'react';
import { Fold } from '../../studio/fold.tsx';
import { SelectField, TextArea, TextField } from '../../ui/field.tsx';
import { Switch } from '../../ui/controls.tsx';
import { Status } from '../../ui/status.tsx';
import { SURFACE_IDS, type ChatSettings, type Effort } from './conversation.ts';
import { priceText } from './price-text.ts';
import { SURFACES } from './surfaces.ts';
import { readTools } from './tools.ts';

const EFFORTS: readonly { value: Effort; label: string }[] = [
  { value: '', label: 'As the model does' },
  { value: 'low', label: 'Low' },
  { value: 'medium', label: 'Medium' },
  { value: 'high', label: 'High' },
];

const EXAMPLE_TOOL = `[
  {
    "name": "get_weather",
    "description": "Get the current weather for a city",
    "parameters": {
      "type": "object",
      "properties": { "city": { "type": "string" } },
      "required": ["city"]
    }
  }
]`;

/** Everything about a request but its messages. */
export function SettingsPanel(props: {
  settings: ChatSettings;
  models: readonly ConsoleModel[];
  model: ConsoleModel;
  onChange: (part: Partial<ChatSettings>) => void;
}) {
  const { settings, models, model, onChange } = props;
  const { capabilities } = model;
  return (
    <div className="grid content-start gap-5">
      <div className="grid gap-1.5">
        <SelectField
          label="Model"
          value={model.id}
          options={models.map(({ id, displayName, available }) => ({
            value: id,
            label: available ? displayName : `${displayName} (offline)`,
          }))}
          onValue={(id) => onChange({ model: id })}
        />
        <p className="grid gap-0.5 text-[0.8125rem] text-soft">
          <span className="text-ink">
            <Status tone={model.available ? 'good' : 'warn'}>
              {model.available ? 'available' : 'offline'}
            </Status>
          </span>
          <span>{priceText(model.price)}</span>
          <span className="tabular-nums">
            {model.contextTokens.toLocaleString('en-US')} tokens of context
          </span>
        </p>
      </div>
      <SelectField
        label="API"
        hint="In which form the request is sent. The answer is the same."
        value={settings.surface}
        options={SURFACE_IDS.map((id) => ({ value: id, label: SURFACES[id].label }))}
        onValue={(value) => onChange({ surface: SURFACE_IDS.find((id) => id === value) ?? 'chat' })}
      />
      <TextArea
        label="System prompt"
        rows={3}
        value={settings.system}
        onChange={(event) => onChange({ system: event.target.value })}
      />
      <Parameters settings={settings} model={model} onChange={onChange} />
      {capabilities.tools && <Tools settings={settings} onChange={onChange} />}
    </div>
  );
}

type PartProps = { settings: ChatSettings; onChange: (part: Partial<ChatSettings>) => void };

function Parameters({ settings, model, onChange }: PartProps & { model: ConsoleModel }) {
  return (
    <Fold title="Parameters">
      <div className="grid gap-4">
        <NumberField
          label="Temperature"
          range={{ min: 0, max: 2, step: 0.1 }}
          value={settings.temperature}
          onValue={(temperature) => onChange({ temperature })}
        />
        <NumberField
          label="Top p"
          range={{ min: 0, max: 1, step: 0.05 }}
          value={settings.topP}
          onValue={(topP) => onChange({ topP })}
        />
        <NumberField
          label="Tokens at most"
          range={{ min: 1, max: model.maxOutputTokens, step: 1 }}
          value={settings.maxTokens}
          onValue={(maxTokens) => onChange({ maxTokens })}
        />
        {model.capabilities.thinking && (
          <SelectField
            label="Thinking"
            value={settings.effort}
            options={EFFORTS}
            onValue={(value) =>
              onChange({ effort: EFFORTS.find((effort) => effort.value === value)?.value ?? '' })
            }
          />
        )}
      </div>
    </Fold>
  );
}

/** A number that may be left out. What is typed stays while it is out of range, and is not used. */
function NumberField(props: {
  label: string;
  range: { min: number; max: number; step: number };
  value: number | undefined;
  onValue: (value: number | undefined) => void;
}) {
  const { label, range, value, onValue } = props;
  const [typed, setTyped] = useState(value === undefined ? '' : String(value));
  const isFit = (text: string) => text === '' || (Number(text) >= range.min && Number(text) <= range.max);
  const change = (text: string) => {
    setTyped(text);
    if (isFit(text)) onValue(text === '' ? undefined : Number(text));
  };
  return (
    <TextField
      label={label}
      type="number"
      {...range}
      placeholder="as the model does"
      value={typed}
      error={isFit(typed) ? undefined : `From ${range.min} to ${range.max}.`}
      onChange={(event) => change(event.target.value)}
    />
  );
}

function Tools({ settings, onChange }: PartProps) {
  const { error, tools = [] } = readTools(settings.toolsText);
  return (
    <Fold title="Tools">
      <div className="grid gap-4">
        <Switch
          label="Clock and calculator"
          hint="This page runs them itself."
          checked={settings.demoTools}
          onChecked={(demoTools) => onChange({ demoTools })}
        />
        <TextArea
          label="Your tools, as JSON"
          hint={
            tools.length === 0
              ? 'You type in what they would answer.'
              : `Offered: ${tools.map(({ name }) => name).join(', ')}`
          }
          error={error}
          rows={6}
          spellCheck={false}
          placeholder={EXAMPLE_TOOL}
          className="font-mono text-[0.8125rem]"
          value={settings.toolsText}
          onChange={(event) => onChange({ toolsText: event.target.value })}
        />
      </div>
    </Fold>
  );
}
