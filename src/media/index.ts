export { AssetService, type KeepInput, type KeptAsset } from './asset.service.js';
export { type AssetKind, type MediaFormatName } from './media-format.js';
export { MediaModule } from './media.module.js';
