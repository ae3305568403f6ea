import { type Operation } from '../rate-limiting/index.js';
import { type OwnKey } from './routing/own-keys.port.js';
import { type ModelProvider, type ProviderModel } from './provider.port.js';
import { noModel, noProvider, type Unserved } from './unserved.js';

/** What a caller asks to be served by. */
export interface WantedModel {
  readonly operation: Operation;
  /** A name, an alias, `provider/model`, or none or `auto` for each provider's first. */
  readonly model?: string | undefined;
  /** Only at this provider. */
  readonly provider?: string | undefined;
}

/** A model and who serves it. */
export interface Candidate {
  readonly provider: ModelProvider;
  readonly model: ProviderModel;
  /** The workspace's own key that it is asked with; absent for the operator's. */
  readonly ownKey?: OwnKey;
}

export type Resolved = ({ readonly kind: 'found' } & Candidate) | Unserved;

export type Candidates =
  { readonly kind: 'found'; readonly candidates: readonly [Candidate, ...Candidate[]] } | Unserved;

/** A model as `GET /v1/models` and the console list it. */
export interface ListedModel extends ProviderModel {
  readonly provider: string;
}

/** Stands for whichever model comes first. */
export const AUTO = 'auto';

/** Knows which provider serves which model, in the order of preference. */
export class ProviderRegistry {
  private readonly providers: readonly ModelProvider[];

  /** @param order names of providers to prefer; the rest follow as they are given. */
  constructor(providers: readonly ModelProvider[], order: readonly string[] = []) {
    const preferred = order.flatMap((name) => providers.filter((provider) => provider.name === name));
    this.providers = [...new Set([...preferred, ...providers])];
  }

  /** All providers, the preferred first. */
  all(): readonly ModelProvider[] {
    return this.providers;
  }

  /** The first provider that serves what is asked for. */
  resolve(wanted: WantedModel): Resolved {
    const found = this.candidates(wanted);
    return found.kind === 'found' ? { kind: 'found', ...found.candidates[0] } : found;
  }

  /** Everyone who serves what is asked for, the preferred first. */
  candidates(wanted: WantedModel): Candidates {
    const providers = this.providersFor(wanted.provider);
    if (wanted.provider !== undefined && providers.length === 0)
      return noProvider(this.providers, wanted.provider);
    const serves = ({ operations }: ProviderModel) => operations.includes(wanted.operation);
    const [first, ...others] = search(providers, serves, wanted.model);
    if (first) return { kind: 'found', candidates: [first, ...others] };
    return noModel(this.providers, wanted, wanted.provider === undefined ? undefined : providers);
  }

  /** Everyone who holds realtime sessions with a model, by its name, its alias or `provider/model`; the preferred first. */
  realtime(wanted: string): readonly Candidate[] {
    const able = this.providers.filter((provider) => 'realtime' in provider);
    return search(able, ({ realtime = false }) => realtime, wanted);
  }

  /** Every model of every provider. */
  list(): readonly ListedModel[] {
    return this.providers.flatMap((provider) =>
      provider.models().map((model) => ({ ...model, provider: provider.name })),
    );
  }

  private providersFor(name: string | undefined): readonly ModelProvider[] {
    if (name === undefined) return this.providers;
    return this.providers.filter((provider) => provider.name === name.toLowerCase());
  }
}

type Serves = (model: ProviderModel) => boolean;

function search(providers: readonly ModelProvider[], serves: Serves, model: string | undefined): Candidate[] {
  const whole = pick(providers, serves, model);
  // `meta-llama/llama-4-scout` is a model's own name; only what nobody is called can be `provider/model`.
  if (whole.length > 0 || model === undefined || !model.includes('/')) return whole;
  const slash = model.indexOf('/');
  const named = providers.filter(({ name }) => name === model.slice(0, slash).toLowerCase());
  return pick(named, serves, model.slice(slash + 1));
}

/** Of each provider its one model of that name that serves; where none is named, its first that does. */
function pick(providers: readonly ModelProvider[], serves: Serves, name: string | undefined): Candidate[] {
  return providers.flatMap((provider) => {
    const served = provider.models().filter(serves);
    const model = name === undefined || name === AUTO ? served[0] : byName(served, name);
    return model ? [{ provider, model }] : [];
  });
}

/** An alias may hide a model of the same name: that is what it is set for. */
function byName(models: readonly ProviderModel[], wanted: string): ProviderModel | undefined {
  return models.find(({ alias }) => alias === wanted) ?? models.find(({ name }) => name === wanted);
}
