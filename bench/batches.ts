const AT_ONCE = 500;

/** Does something for each of many, some at a time. */
export async function inBatches<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>) {
  for (let at = 0; at < items.length; at += AT_ONCE) {
    await Promise.all(items.slice(at, at + AT_ONCE).map(work));
  }
}
