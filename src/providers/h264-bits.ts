/** Writes the bits of an H.264 NAL unit (ITU-T H.264, 7.2 and 9.1). */
export class BitWriter {
  private readonly bytes: number[] = [];
  private current = 0;
  private filled = 0;

  /** `count` bits of a number, the highest first. */
  bits(value: number, count: number): this {
    for (let at = count - 1; at >= 0; at--) this.bit((value >>> at) & 1);
    return this;
  }

  /** An unsigned Exp-Golomb code. */
  ue(value: number): this {
    const length = 31 - Math.clz32(value + 1);
    return this.bits(0, length).bits(value + 1, length + 1);
  }

  /** A signed Exp-Golomb code. */
  se(value: number): this {
    return this.ue(value > 0 ? value * 2 - 1 : -value * 2);
  }

  /** Zero bits up to the next whole byte. */
  align(): this {
    while (this.filled !== 0) this.bit(0);
    return this;
  }

  /** Whole bytes; only where aligned. */
  raw(bytes: Iterable<number>): this {
    for (const byte of bytes) this.bytes.push(byte);
    return this;
  }

  /** The unit with its header byte, its stop bit, and what keeps a start code from arising in it (7.4.1). */
  unit(header: number): Buffer {
    this.bit(1);
    this.align();
    const out = [header];
    let zeros = 0;
    for (const byte of this.bytes) {
      if (zeros >= 2 && byte <= 3) {
        out.push(3);
        zeros = 0;
      }
      out.push(byte);
      zeros = byte === 0 ? zeros + 1 : 0;
    }
    return Buffer.from(out);
  }

  private bit(value: number): void {
    this.current = (this.current << 1) | value;
    if (++this.filled < 8) return;
    this.bytes.push(this.current);
    this.current = 0;
    this.filled = 0;
  }
}
