import type { CalibrationState } from './calibration.ts';
import type { TrustRecord } from './record.ts';
import type { Sanction } from './sanction.ts';

export type TrustSnapshot = {
  records: ReadonlyMap<string, TrustRecord>;
  sanctions: readonly Sanction[];
  calibration: CalibrationState | undefined;
};

/**
 * Port: where trust is kept. Memory is filled from it once. Sanctions are durable before they take effect, with a line
 * of the audit trail; counts are written from time to time, and a crash loses the last few.
 */
export type TrustStore = {
  load(): Promise<TrustSnapshot>;
  saveRecords(records: ReadonlyMap<string, TrustRecord>, calibration: CalibrationState): Promise<void>;
  saveSanctions(sanctions: readonly Sanction[], actor: string): Promise<void>;
};
