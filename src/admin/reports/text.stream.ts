import { Readable } from 'node:stream';

/**
 * A generator's texts as a stream that asks for the next one only when there is room, and ends the generator however the
 * stream ends: also when nobody ever read from it.
 */
export class TextStream extends Readable {
  private constructor(
    private first: string | undefined,
    private readonly texts: AsyncGenerator<string, void, undefined>,
  ) {
    super();
  }

  /** Waits for the first text: what fails before it rejects, and can still be answered with a status. */
  static async open(texts: AsyncGenerator<string, void, undefined>): Promise<TextStream> {
    const { value } = await texts.next();
    return new TextStream(value ?? undefined, texts);
  }

  override _read(): void {
    void this.pull();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.texts.return().then(
      () => {
        done(error);
      },
      (failure: unknown) => {
        done(error ?? asError(failure));
      },
    );
  }

  private async pull(): Promise<void> {
    try {
      this.push(await this.next());
    } catch (error) {
      this.destroy(asError(error));
    }
  }

  private async next(): Promise<string | null> {
    const { first } = this;
    this.first = undefined;
    if (first !== undefined) return first;
    return (await this.texts.next()).value ?? null;
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
