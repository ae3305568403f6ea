import { type Family } from './family.js';

/** What an instrument is called and what distinguishes its values. */
export interface InstrumentSpec<Label extends string> {
  /** In Prometheus' manner: `snake_case`, the unit last, `_total` for counters. */
  readonly name: string;
  readonly help: string;
  /** Each of few values: never a user, key, workspace, workflow, session or address. */
  readonly labels?: readonly Label[];
}

interface Instrument {
  read(): Promise<Family>;
}

const instruments = new Map<string, Instrument>();

/** Makes an instrument known to whoever reads them all. @throws Error where its name is taken */
export function register<Made extends Instrument>(name: string, instrument: Made): Made {
  if (instruments.has(name)) throw new Error(`There is an instrument ${name} already.`);
  instruments.set(name, instrument);
  return instrument;
}

/** What all instruments of this process stand at, by name. */
export async function readInstruments(): Promise<Family[]> {
  const families = await Promise.all([...instruments.values()].map((instrument) => instrument.read()));
  return families.sort((a, b) => (a.name < b.name ? -1 : 1));
}
