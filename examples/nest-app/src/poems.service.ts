import { Injectable } from '@nestjs/common';
import { RateLimit, userId } from 'cuota';

export interface Wish {
  readonly writer: string;
  readonly about: string;
}

export interface Poem {
  readonly lines: readonly string[];
  readonly tokens: { readonly input: number; readonly output: number };
}

@Injectable()
export class PoemsService {
  /** Reserved against the writer's limits before it runs, settled by what it used, given back where it throws. */
  @RateLimit({
    operation: 'script_generation',
    provider: 'poems',
    subject: ({ writer }: Wish) => ({ userId: userId(writer) }),
    estimate: ({ about }: Wish) => ({
      inputTokens: about.length,
      output: { max: 200, min: 1, choices: 1 },
    }),
    actual: ({ tokens }: Poem) => ({ inputTokens: tokens.input, outputTokens: tokens.output }),
  })
  write({ about }: Wish): Promise<Poem> {
    if (about === '') throw new Error('Poems are about something.');
    const lines = [`Of ${about} I sing,`, `and ${about} sings of me.`];
    return Promise.resolve({ lines, tokens: { input: about.length, output: lines.join(' ').length } });
  }
}
