/** What a video shall be. What a provider has no use for it leaves alone. */
export interface VideoRequest {
  /** What is to be seen; for an avatar, the words it speaks. */
  readonly prompt: string;
  readonly durationSeconds?: number;
  /** `1280x720`: comes before `aspectRatio`. */
  readonly size?: string;
  readonly aspectRatio?: '16:9' | '9:16' | '1:1';
  /** Of an avatar's video: who speaks, and in which voice. */
  readonly avatarId?: string;
  readonly voiceId?: string;
  /** Further fields of OpenAI's `POST /videos`: passed on as they are where the provider speaks that format. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** What a provider will make of a request: what is reserved and priced before it is asked. */
export interface VideoPlan {
  /** Of some providers only some lengths can be had: the next longer. Where speech decides, an upper estimate. */
  readonly seconds: number;
  /** `1280x720`. */
  readonly size: string;
}

export interface VideoCall {
  readonly request: VideoRequest;
  /** The name that the provider knows the model by. */
  readonly model: string;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
}

/** A question about a job that was created. */
export interface VideoJobCall {
  readonly jobId: string;
  readonly model: string;
  readonly signal: AbortSignal;
  /** For an answer; of a fetch, for its beginning and then for each next piece. */
  readonly timeoutMs?: number;
}

/** What the provider knows its job by: all that is needed to ask for it, from any process. */
export interface VideoJob {
  readonly jobId: string;
}

/** How far a job is. The provider's own failure of a job is a state of it and no `ProviderError`. */
export interface VideoProgress {
  readonly status: 'queued' | 'processing' | 'completed' | 'failed';
  /** 0 to 100, where the provider says. */
  readonly progress?: number;
  /** Of a completed one, where the provider says: what is charged. */
  readonly seconds?: number;
  /** Of a failed one. Holds no key. */
  readonly error?: { readonly code: string | null; readonly message: string };
}

/** A finished video on its way. */
export interface VideoFile {
  /** Read once, to its end, or left by `break`. Rejects with a `ProviderError` past the bound, and where it breaks. */
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly contentType: string;
  /** Where the provider says it beforehand. */
  readonly length?: number;
}

/** Makes videos: jobs that are created, asked about until they are done, and fetched. Rejects as `ModelProvider` does. */
export interface VideoMaker {
  /** Avatars speak a text, scenes show what it says. Absent where it makes either. */
  readonly makes?: 'avatars' | 'scenes';

  /** @throws ProviderError `bad_request` for what it cannot make. */
  plan(request: VideoRequest, model: string): VideoPlan;

  create(call: VideoCall): Promise<VideoJob>;

  poll(call: VideoJobCall): Promise<VideoProgress>;

  /** Of a completed job. */
  fetch(call: VideoJobCall): Promise<VideoFile>;

  /** Where the provider can stop one; a job that is over already is no fault. */
  cancel?(call: VideoJobCall): Promise<void>;
}
