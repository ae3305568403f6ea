import { Inject, Injectable } from '@nestjs/common';

import { KNOWN_PROVIDERS, type Settings, SETTINGS } from '../../config/index.js';
import { type Fault } from '../../errors.js';
import { type InputRule } from '../../input-rules.js';
import { isRecord } from '../../json-object.js';

/** The provider of a key is known. */
@Injectable()
export class KnownProvider implements InputRule<{ name?: unknown }> {
  readonly reads = ['name'];
  private readonly names: ReadonlySet<string>;

  constructor(@Inject(SETTINGS) { providers }: Settings) {
    this.names = new Set([...KNOWN_PROVIDERS, ...providers.map(({ name }) => name)]);
  }

  faultsIn({ name }: { name?: unknown }): readonly Fault[] {
    return this.faultsAt('name', name);
  }

  /** What is wrong with a name, if it is one: what is none is told by the field itself. */
  faultsAt(path: string, name: unknown): Fault[] {
    if (typeof name !== 'string' || name === '' || this.names.has(name.toLowerCase())) return [];
    const known = [...this.names].join(', ');
    return [
      {
        path,
        message: `there is no provider ${JSON.stringify(name.slice(0, 64))}; it takes one of ${known}`,
      },
    ];
  }
}

/** The providers of a list of keys are known: also that of a key with which something else is wrong. */
@Injectable()
export class KnownProviders implements InputRule<{ providers?: unknown }> {
  readonly reads: readonly string[] = [];

  constructor(private readonly known: KnownProvider) {}

  faultsIn({ providers }: { providers?: unknown }): readonly Fault[] {
    const keys: readonly unknown[] = Array.isArray(providers) ? providers : [];
    return keys.flatMap((key, at) =>
      isRecord(key) ? this.known.faultsAt(`providers.${at}.name`, key.name) : [],
    );
  }
}
