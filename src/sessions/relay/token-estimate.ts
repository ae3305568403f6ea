import { countText } from '../../pricing/index.js';
import { isWireObject, objectAt, type WireObject } from '../../providers/index.js';

import { type Delivered } from './realtime-usage.js';

/** How many characters of base64 a token of sound has at least: of what is heard, and of what is said. */
interface SoundRate {
  readonly heard: number;
  readonly said: number;
}

/** 16 bits at 24 kHz: 10 tokens a second are heard, 20 are said. */
const PCM: SoundRate = { heard: 6_400, said: 3_200 };
/** 8 bits at 8 kHz. */
const G711: SoundRate = { heard: 1_066, said: 533 };

/** What an item of the conversation costs beside its text. */
const ITEM_TOKENS = 8;
/** A picture in a conversation, at the most. */
const IMAGE_TOKENS = 1_500;

/** How text and sound become tokens in a session, from what its client says of its formats. */
export class TokenEstimate {
  private inputRate = PCM;
  private outputRate = PCM;
  /** What the session's instructions and its tools come to, at the most that they did. */
  private readonly standing = { instructions: 0, tools: 0 };
  private sound = false;

  constructor(private readonly model: string) {}

  /** Whether there was any sound in the session so far, of the client's or of the model's. */
  get hadSound(): boolean {
    return this.sound;
  }

  /** Formats may change with any update of the session. */
  noteSession(session: WireObject | undefined): void {
    const audio = objectAt(session, 'audio');
    this.inputRate = rateOf(objectAt(audio, 'input'), this.inputRate);
    this.outputRate = rateOf(objectAt(audio, 'output'), this.outputRate);
  }

  /** An upper estimate of what an event of the client's adds to the input of the next response. */
  inputOf(event: WireObject): number {
    if (event.type === 'input_audio_buffer.append')
      return this.soundTokens(event.audio, this.inputRate.heard);
    if (event.type === 'conversation.item.create') return this.itemTokens(event.item);
    if (isWireObject(event.session)) return this.standingTokens(event.session);
    return isWireObject(event.response) ? this.ownTokens(event.response) : 0;
  }

  /** What an event of the provider's delivers. */
  outputOf({ type, delta }: WireObject): Delivered {
    if (typeof delta !== 'string') return { tokens: 0, soundTokens: 0 };
    if (type !== 'response.output_audio.delta' && type !== 'response.audio.delta')
      return { tokens: countText(delta, this.model), soundTokens: 0 };
    const tokens = this.soundTokens(delta, this.outputRate.said);
    return { tokens, soundTokens: tokens };
  }

  private itemTokens(item: unknown): number {
    return ITEM_TOKENS + this.contentTokens(item);
  }

  private contentTokens(value: unknown): number {
    if (Array.isArray(value)) return value.reduce<number>((sum, part) => sum + this.contentTokens(part), 0);
    if (typeof value === 'string') return countText(value, this.model);
    if (!isWireObject(value)) return 0;
    return Object.entries(value).reduce((sum, [name, part]) => {
      if (name === 'audio') return sum + this.soundTokens(part, this.inputRate.heard);
      return sum + (name === 'image_url' ? IMAGE_TOKENS : this.contentTokens(part));
    }, 0);
  }

  /** Instructions and tools are read with every response; those that come later take the place of those before. */
  private standingTokens({ instructions, tools }: WireObject): number {
    const { standing } = this;
    const before = standing.instructions + standing.tools;
    standing.instructions = Math.max(standing.instructions, this.jsonTokens(instructions));
    standing.tools = Math.max(standing.tools, this.jsonTokens(tools));
    return standing.instructions + standing.tools - before;
  }

  private ownTokens({ instructions, tools, input }: WireObject): number {
    return this.jsonTokens(instructions) + this.jsonTokens(tools) + this.contentTokens(input);
  }

  private soundTokens(sound: unknown, charactersAToken: number): number {
    if (typeof sound !== 'string' || sound === '') return 0;
    this.sound = true;
    return sound.length / charactersAToken;
  }

  private jsonTokens(part: unknown): number {
    return part === undefined || part === null ? 0 : countText(JSON.stringify(part), this.model);
  }
}

function rateOf(side: WireObject | undefined, before: SoundRate): SoundRate {
  const type = objectAt(side, 'format')?.type;
  if (typeof type !== 'string') return before;
  return type.includes('pcmu') || type.includes('pcma') ? G711 : PCM;
}
