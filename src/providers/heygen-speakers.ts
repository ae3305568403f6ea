import { type CallBounds } from './openai-wire.js';
import { type HeyGenWire } from './heygen-wire.js';
import { ProviderError } from './provider-error.js';
import { objectsAt } from './wire-object.js';

/** Who speaks in a video, and in which voice. */
export interface Speaker {
  readonly avatarId: string;
  readonly voiceId: string;
}

/** Finds who speaks: whom the call names, else the settings, else the first of the account, which is asked once. */
export class HeyGenSpeakers {
  private first: { readonly avatarId: string; readonly voiceId: string | undefined } | undefined;
  private voice: string | undefined;

  constructor(
    private readonly wire: HeyGenWire,
    private readonly settings: {
      readonly avatarId?: string | undefined;
      readonly voiceId?: string | undefined;
    },
  ) {}

  /** @throws ProviderError, `not_found` where the account has none. */
  async speaker(
    wanted: { readonly avatarId?: string; readonly voiceId?: string },
    bounds: CallBounds,
  ): Promise<Speaker> {
    const named = wanted.avatarId ?? this.settings.avatarId;
    const avatar =
      named === undefined ? await this.firstAvatar(bounds) : { avatarId: named, voiceId: undefined };
    const voiceId =
      wanted.voiceId ?? this.settings.voiceId ?? avatar.voiceId ?? (await this.firstVoice(bounds));
    return { avatarId: avatar.avatarId, voiceId };
  }

  private async firstAvatar(bounds: CallBounds): Promise<NonNullable<HeyGenSpeakers['first']>> {
    if (this.first) return this.first;
    const avatars = objectsAt(await this.wire.data('/v2/avatars', bounds), 'avatars');
    const found = avatars.find((avatar) => typeof avatar.avatar_id === 'string');
    if (typeof found?.avatar_id !== 'string') throw this.none('avatar', 'HEYGEN_AVATAR_ID');
    const own = found.default_voice_id;
    return (this.first = { avatarId: found.avatar_id, voiceId: typeof own === 'string' ? own : undefined });
  }

  private async firstVoice(bounds: CallBounds): Promise<string> {
    if (this.voice !== undefined) return this.voice;
    const voices = objectsAt(await this.wire.data('/v2/voices', bounds), 'voices');
    const found = voices.find(({ language }) => language === 'English') ?? voices[0];
    if (typeof found?.voice_id !== 'string') throw this.none('voice', 'HEYGEN_VOICE_ID');
    return (this.voice = found.voice_id);
  }

  private none(what: string, setting: string): ProviderError {
    const { name } = this.wire.settings;
    return new ProviderError(name, `the account lists no ${what}: name one, or set ${setting}`, {
      reason: 'not_found',
    });
  }
}
