import { AUTO, type ListedModel } from '../../providers/index.js';

/** A model in OpenAI's wire format. */
interface ModelEntry {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: string;
}

/** What is callable, in OpenAI's wire format: each model, and each alias, once. */
export function modelList(models: readonly ListedModel[]) {
  return { object: 'list', data: [...entriesOf(models).values()] };
}

/** Whatever a call may name: a model, an alias, `provider/model`, `auto` or `provider/auto`. */
export function modelEntry(models: readonly ListedModel[], id: string): ModelEntry | undefined {
  const listed = entriesOf(models).get(id);
  if (listed) return listed;
  if (id === AUTO && models.length > 0) return entryOf(id, 'cuota');
  const slash = id.indexOf('/');
  const at = named(
    models.filter(({ provider }) => provider === id.slice(0, slash).toLowerCase()),
    id.slice(slash + 1),
  );
  return at && entryOf(id, at.provider);
}

function entriesOf(models: readonly ListedModel[]): Map<string, ModelEntry> {
  const entries = new Map<string, ModelEntry>();
  for (const { name, alias, provider } of models) {
    for (const id of alias === undefined ? [name] : [name, alias]) {
      if (!entries.has(id)) entries.set(id, entryOf(id, provider));
    }
  }
  return entries;
}

function named(models: readonly ListedModel[], wanted: string): ListedModel | undefined {
  return wanted === AUTO ? models[0] : models.find(({ name, alias }) => name === wanted || alias === wanted);
}

function entryOf(id: string, owner: string): ModelEntry {
  return { id, object: 'model', created: 0, owned_by: owner };
}
