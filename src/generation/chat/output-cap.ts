/** Where neither caller, plan nor model say how long an answer may be. */
export const DEFAULT_MAX_OUTPUT_TOKENS = 4096;

type Body = Readonly<Record<string, unknown>>;
export type CapField = 'max_tokens' | 'max_completion_tokens';

/** The output cap that a chat body asks for, whichever of OpenAI's two fields it uses. */
export function askedOutputTokens(body: Body): number | undefined {
  const asked = [body.max_completion_tokens, body.max_tokens].filter((value) => typeof value === 'number');
  return asked.length === 0 ? undefined : Math.min(...asked);
}

/** How many answers a chat body asks for. */
export function choicesOf(body: Body): number {
  return typeof body.n === 'number' ? body.n : 1;
}

/** The body as it goes upstream: its output cap is what was reserved, in the field that it came in, else in `field`. */
export function withOutputCap(body: Body, cap: number, field: CapField): Record<string, unknown> {
  const capped: Record<string, unknown> = { ...body };
  const used = (['max_completion_tokens', 'max_tokens'] as const).filter(
    (name) => typeof body[name] === 'number',
  );
  for (const name of used.length > 0 ? used : [field]) capped[name] = cap;
  return capped;
}
