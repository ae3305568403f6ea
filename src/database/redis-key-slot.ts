const SLOTS = 16_384;

/** The slot of Redis Cluster that a key with this hash tag lies in: CRC16 (XMODEM), as the specification has it. */
export function keySlot(tag: string): number {
  let crc = 0;
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc % SLOTS;
}

/**
 * Hash tags whose slots are spread evenly: one in each of `count` equal stretches, so that however many masters share
 * the slots, each gets its share of the tags.
 */
export function spreadTags(count: number): string[] {
  const stretch = SLOTS / count;
  const tags: string[] = [];
  for (let n = 0, missing = count; missing > 0; n++) {
    const place = Math.floor(keySlot(String(n)) / stretch);
    if (tags[place] !== undefined) continue;
    tags[place] = String(n);
    missing--;
  }
  return tags;
}
