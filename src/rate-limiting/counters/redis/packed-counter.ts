import {
  type ClaimState,
  type CounterRef,
  type ReadAnswer,
  type UnitAmounts,
} from '../../domain/counters.js';
import { type Unit } from '../../domain/operation.js';

import { UNIT_INDEX, UNIT_ORDER } from './unit-order.js';

const HIGH_WORD = 0x1_0000_0000;

/**
 * A counter as the scripts pack it (MessagePack numbers one after another): its stamp, then used and reserved of each
 * unit in the order of units, as far as any was met. See `reserve.lua`.
 */
export class PackedCounter {
  private readonly numbers: number[];

  constructor(packed: unknown) {
    this.numbers = Buffer.isBuffer(packed) ? readNumbers(packed) : [];
  }

  /** The version of the load that filled it; 0 or less where it is cold. */
  get stamp(): number {
    return this.numbers[0] ?? 0;
  }

  /** The token of the load under way, where it is cold. */
  get token(): string {
    return String(-this.stamp);
  }

  /** What a unit stands at, with `more` reserved. */
  stateOf(unit: Unit, more: number): ClaimState {
    const at = 2 * UNIT_INDEX[unit];
    return { used: this.numbers[at + 1] ?? 0, reserved: (this.numbers[at + 2] ?? 0) + more };
  }

  /** What all units stand at, zeros left out. */
  read(counter: CounterRef): ReadAnswer {
    if (this.stamp <= 0) return { kind: 'cold', cold: { counter, token: this.token } };
    const state: { used: UnitAmounts; reserved: UnitAmounts } = { used: {}, reserved: {} };
    UNIT_ORDER.forEach((unit) => {
      const { used, reserved } = this.stateOf(unit, 0);
      if (used !== 0) state.used[unit] = used;
      if (reserved !== 0) state.reserved[unit] = reserved;
    });
    return { kind: 'warm', state };
  }
}

function readNumbers(packed: Buffer): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < packed.length;) {
    const type = packed[at++] ?? 0;
    // Small ones are their own type byte.
    if (type < 0x80) numbers.push(type);
    else if (type >= 0xe0) numbers.push(type - 0x100);
    else {
      const size = WIDTH[type] ?? 0;
      if (size === 0) throw new Error(`A counter in Redis holds what is no number (type ${type}).`);
      numbers.push(readNumber(packed, type, at));
      at += size;
    }
  }
  return numbers;
}

/** Bytes after a type byte of MessagePack's numbers. */
const WIDTH: Readonly<Record<number, number>> = {
  0xca: 4,
  0xcb: 8,
  0xcc: 1,
  0xcd: 2,
  0xce: 4,
  0xcf: 8,
  0xd0: 1,
  0xd1: 2,
  0xd2: 4,
  0xd3: 8,
};

function readNumber(packed: Buffer, type: number, at: number): number {
  switch (type) {
    case 0xca:
      return packed.readFloatBE(at);
    case 0xcb:
      return packed.readDoubleBE(at);
    case 0xcc:
      return packed.readUInt8(at);
    case 0xcd:
      return packed.readUInt16BE(at);
    case 0xce:
      return packed.readUInt32BE(at);
    case 0xcf:
      return packed.readUInt32BE(at) * HIGH_WORD + packed.readUInt32BE(at + 4);
    case 0xd0:
      return packed.readInt8(at);
    case 0xd1:
      return packed.readInt16BE(at);
    case 0xd2:
      return packed.readInt32BE(at);
    default:
      return packed.readInt32BE(at) * HIGH_WORD + packed.readUInt32BE(at + 4);
  }
}
