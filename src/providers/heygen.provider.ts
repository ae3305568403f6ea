import { type ProviderSettings, type Settings } from '../config/index.js';
import { HeyGenVideos } from './heygen-videos.js';
import { HeyGenWire } from './heygen-wire.js';
import { catalogueOf } from './model-catalogue.js';
import { type ModelProvider, type OutputCapField, type ProviderModel } from './provider.port.js';
import { type VideoMaker } from './video.port.js';

const BASE_URL = 'https://api.heygen.com';

/** HeyGen: avatars that speak, and nothing else. */
export class HeyGenProvider implements ModelProvider {
  readonly name: string;
  readonly baseUrl: string;
  readonly videos: VideoMaker;
  private readonly catalogue: readonly ProviderModel[];

  constructor(settings: ProviderSettings, speaker: Settings['heygen']) {
    this.name = settings.name;
    this.baseUrl = settings.baseUrl ?? BASE_URL;
    this.catalogue = catalogueOf(settings);
    this.videos = new HeyGenVideos(new HeyGenWire(settings, this.baseUrl), speaker);
  }

  models(): readonly ProviderModel[] {
    return this.catalogue;
  }

  /** It has no text; nobody asks. */
  outputCapField(): OutputCapField {
    return 'max_tokens';
  }
}
