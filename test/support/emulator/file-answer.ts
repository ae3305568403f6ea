/** A file that is asked for, or a part of it. */
export class FileAnswer {
  private readonly part: { start: number; end: number } | undefined;

  constructor(
    private readonly whole: Buffer,
    readonly type: string,
    range?: string,
  ) {
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
    if (start !== undefined) this.part = { start: Number(start), end: Number(end) };
  }

  get status(): number {
    return this.part ? 206 : 200;
  }

  get headers(): Readonly<Record<string, string>> {
    if (!this.part) return {};
    return { 'content-range': `bytes ${this.part.start}-${this.part.end}/${this.whole.length}` };
  }

  get bytes(): Buffer {
    return this.part ? this.whole.subarray(this.part.start, this.part.end + 1) : this.whole;
  }
}
