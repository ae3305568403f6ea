import { type ListedModel } from '../../providers/index.js';

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

/** One of them, by its name, its alias, or `provider/model`. */
export function modelEntry(models: readonly ListedModel[], id: string): ModelEntry | undefined {
  const listed = entriesOf(models).get(id);
  if (listed) return listed;
  const at = models.find(({ provider, name, alias }) =>
    [name, alias].some((known) => known !== undefined && `${provider}/${known}` === id),
  );
  return at && { id, object: 'model', created: 0, owned_by: at.provider };
}

function entriesOf(models: readonly ListedModel[]): Map<string, ModelEntry> {
  const entries = new Map<string, ModelEntry>();
  for (const { name, alias, provider } of models) {
    for (const id of alias === undefined ? [name] : [name, alias]) {
      if (!entries.has(id)) entries.set(id, { id, object: 'model', created: 0, owned_by: provider });
    }
  }
  return entries;
}
