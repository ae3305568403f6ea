import { type ProviderSettings, type Settings } from '../../config/index.js';
import { currentCallContext } from '../../rate-limiting/index.js';
import { adapterOf, type AdapterParts } from '../configured-providers.js';
import { knownModels } from '../model-catalogue.js';
import { type Candidate, type Candidates, ProviderRegistry, type WantedModel } from '../provider-registry.js';
import { type ModelProvider } from '../provider.port.js';

import { type OwnKey, type OwnKeys } from './own-keys.port.js';

const TIMEOUT_MS = 60_000;

/** What one workspace is served by. */
interface Served {
  readonly registry: ProviderRegistry;
  readonly keys: ReadonlyMap<ModelProvider, OwnKey>;
}

export interface OwnProvidersParts extends AdapterParts {
  readonly registry: ProviderRegistry;
  readonly keys: OwnKeys;
  readonly settings: Settings;
}

/**
 * Who serves a workspace: an adapter for each of its own keys, and of the operator's providers those for which it has none.
 * With an own key nothing is simulated for it. A key goes where the operator says that its provider is, and nowhere else.
 */
export class OwnProviders {
  private readonly known = new WeakMap<readonly OwnKey[], Served>();

  constructor(private readonly parts: OwnProvidersParts) {}

  /** As the registry does, for the workspace of the call in hand. */
  async candidates(wanted: WantedModel): Promise<Candidates> {
    const { registry, keys } = await this.servedNow();
    const found = registry.candidates(wanted);
    if (found.kind !== 'found') return found;
    const [first, ...others] = found.candidates;
    return { kind: 'found', candidates: [withKey(keys, first), ...others.map((one) => withKey(keys, one))] };
  }

  /** As `candidates`, for realtime sessions; nobody where the model is no realtime one. */
  async realtime(model: string): Promise<readonly Candidate[]> {
    const { registry, keys } = await this.servedNow();
    return registry.realtime(model).map((one) => withKey(keys, one));
  }

  /** Who serves the call in hand, with all their models. */
  async registry(): Promise<ProviderRegistry> {
    return (await this.servedNow()).registry;
  }

  /** One of a workspace's keys, and its adapter; `undefined` where it has that key no more. */
  async withKey(workspaceId: string, keyId: string) {
    const { keys } = await this.servedTo(workspaceId);
    for (const [provider, ownKey] of keys) if (ownKey.id === keyId) return { provider, ownKey };
    return undefined;
  }

  private servedNow(): Promise<Served> {
    return this.servedTo(currentCallContext()?.caller?.workspaceId);
  }

  private async servedTo(workspaceId: string | undefined): Promise<Served> {
    const { registry, keys: own } = this.parts;
    const keys = workspaceId === undefined ? [] : await own.of(workspaceId);
    if (keys.length === 0) return { registry, keys: new Map() };
    const known = this.known.get(keys) ?? this.make(keys);
    this.known.set(keys, known);
    return known;
  }

  private make(keys: readonly OwnKey[]): Served {
    const adapters = new Map(keys.map((key) => [adapterOf(this.settingsOf(key), this.parts), key]));
    const names = new Set(['simulated', ...keys.map(({ provider }) => provider)]);
    const others = this.parts.registry.all().filter(({ name }) => !names.has(name));
    const { order } = this.parts.settings.routing;
    const own = new ProviderRegistry([...adapters.keys()], order).all();
    return { registry: new ProviderRegistry([...own, ...others]), keys: adapters };
  }

  private settingsOf({ provider, apiKey, model, apiVersion }: OwnKey): ProviderSettings {
    const configured = this.parts.settings.providers.find(({ name }) => name === provider);
    const { apiKey: _, ratePerSec: __, ...base } = configured ?? unconfigured(provider);
    const models = model === undefined ? base.models : withFirst(model, base);
    return { ...base, models, apiKey, ...(apiVersion !== undefined && { apiVersion }) };
  }
}

function withKey(keys: Served['keys'], candidate: Candidate): Candidate {
  const ownKey = keys.get(candidate.provider);
  return ownKey ? { ...candidate, ownKey } : candidate;
}

function unconfigured(name: string): ProviderSettings {
  // What has no kind of its own cannot be reached without the operator's address: its adapter says so.
  const kind =
    name === 'openai' || name === 'gemini' || name === 'groq' || name === 'heygen'
      ? name
      : 'openai_compatible';
  return { name, kind, timeoutMs: TIMEOUT_MS, models: [] };
}

/** The first is what a call gets that names none. */
function withFirst(wanted: string, { kind, models }: ProviderSettings): ProviderSettings['models'] {
  const listed = models.length > 0 ? models : knownModels(kind);
  const own = listed.find(({ alias }) => alias === wanted) ?? listed.find(({ name }) => name === wanted);
  return [own ?? { name: wanted }, ...listed.filter((one) => one !== own)];
}
