export { AssetService } from './asset.service.js';
export { type AssetDetails, type KeepInput, type KeepOutcome, type KeptAsset } from './asset.views.js';
export { type MediaBytes } from './media-draft.js';
export { answerWithBytes } from './asset.answer.js';
export { AssetReader, type OpenAsset } from './asset.reader.js';
export { type AssetKind, type MediaFormatName } from './media-format.js';
export { MediaModule } from './media.module.js';
export { type MediaStanding, MediaUsage } from './media-usage.js';
