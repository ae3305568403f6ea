import { join } from 'node:path';

import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { SETTINGS, type Settings } from '../config/index.js';
import { jwtSecretOf } from '../identity/index.js';
import { Clock } from '../rate-limiting/index.js';

import { AssetController } from './asset.controller.js';
import { AssetEntity } from './asset.entity.js';
import { AssetLinks } from './asset-links.js';
import { AssetReader } from './asset.reader.js';
import { AssetService } from './asset.service.js';
import { AssetStore } from './asset.store.js';
import { LocalMediaStore } from './local-media.store.js';
import { CloudinaryStore } from './cloudinary.store.js';
import { MEDIA_CLOUD, type MediaCloud } from './media-cloud.port.js';
import { MediaUploadStore } from './media-upload.store.js';
import { MediaUploads } from './media-uploads.js';
import { MediaUsageStore } from './media-usage.store.js';
import { MediaUsage } from './media-usage.js';
import { MediaFileEntity } from './media-file.entity.js';
import { MEDIA_OPTIONS, mediaOptionsOf } from './media.options.js';

/** Its client takes a third of a second to load: only where it is used. */
async function cloudOf({ media: { cloudinary } }: Settings): Promise<MediaCloud | undefined> {
  if (!cloudinary) return undefined;
  const { v2 } = await import('cloudinary');
  return new CloudinaryStore(v2, cloudinary);
}

/** Keeps what is generated. */
@Module({
  imports: [TypeOrmModule.forFeature([AssetEntity, MediaFileEntity])],
  controllers: [AssetController],
  providers: [
    AssetService,
    AssetReader,
    AssetStore,
    MediaUploadStore,
    MediaUploads,
    MediaUsageStore,
    MediaUsage,
    { provide: MEDIA_CLOUD, inject: [SETTINGS], useFactory: cloudOf },
    {
      provide: MEDIA_OPTIONS,
      inject: [SETTINGS],
      useFactory: ({ media }: Settings) => mediaOptionsOf(media),
    },
    {
      provide: LocalMediaStore,
      inject: [SETTINGS],
      useFactory: ({ stores }: Settings) => new LocalMediaStore(join(stores.dataDir, 'media')),
    },
    {
      provide: AssetLinks,
      inject: [SETTINGS, Clock],
      useFactory: async ({ auth, stores }: Settings, clock: Clock): Promise<AssetLinks> => {
        const secret = await jwtSecretOf({ jwtSecret: auth.jwtSecret, dataDir: stores.dataDir });
        return new AssetLinks(secret, clock);
      },
    },
  ],
  exports: [AssetService, AssetReader, MediaUsage],
})
export class MediaModule {}
