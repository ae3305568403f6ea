import { type WireBody } from '../../pricing/index.js';
import {
  type ModelProvider,
  type OutputCapField,
  type ProviderAnswer,
  type ProviderCall,
  type ResponseEvent,
  type WireObject,
} from '../../providers/index.js';

/** One event of a streamed text, of whichever form. */
export type TextEvent = ResponseEvent;

/** One of the wire formats in which texts are asked for: what is read of a body, and which verb of a provider makes it. */
export interface TextForm<Event extends TextEvent = TextEvent> {
  /** Its path under `/v1`: what a provider that lacks it is said not to serve. */
  readonly path: string;
  servedBy(provider: ModelProvider): boolean;
  /** Never less than what the provider will count. */
  countInput(body: WireBody, model: string): number;
  /** The output cap that the body asks for. */
  askedOutputTokens(body: WireBody): number | undefined;
  /** How many answers it asks for, each as long as the cap. */
  choicesOf(body: WireBody): number;
  /** False where it asks for what has a price that no table of ours has. */
  hasKnownPrice(body: WireBody): boolean;
  /** @param field the one that caps a chat at that model. */
  withOutputCap(body: WireBody, cap: number, field: OutputCapField): WireBody;
  answer(provider: ModelProvider, call: ProviderCall): Promise<ProviderAnswer>;
  stream(provider: ModelProvider, call: ProviderCall): Promise<AsyncIterable<Event>>;
  /** All text that a whole answer delivers: for estimating what it used. */
  textOf(body: WireObject): string;
  /** The provider's name for what it made, where others may refer to it; of an answer or of one event. */
  resourceIdOf(raw: WireObject): string | undefined;
}
