import { type ListedModel } from '../../providers/index.js';

/** What is callable, in OpenAI's wire format: each model, and each alias, once. */
export function modelList(models: readonly ListedModel[]): object {
  const entries = new Map<string, object>();
  for (const { name, alias, provider } of models) {
    for (const id of alias === undefined ? [name] : [name, alias]) {
      if (!entries.has(id)) entries.set(id, { id, object: 'model', created: 0, owned_by: provider });
    }
  }
  return { object: 'list', data: [...entries.values()] };
}
