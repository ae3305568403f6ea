import { join } from 'node:path';

import { Logger, Module } from '@nestjs/common';
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
import { MediaFileEntity } from './media-file.entity.js';
import { MEDIA_OPTIONS, mediaOptionsOf } from './media.options.js';

function diskOf({ stores, media }: Settings): LocalMediaStore {
  if (media.cloudinary)
    new Logger('Media').warn(
      'CLOUDINARY_… is set, but outputs are kept in DATA_DIR: Cloudinary is not supported yet.',
    );
  return new LocalMediaStore(join(stores.dataDir, 'media'));
}

/** Keeps what is generated. */
@Module({
  imports: [TypeOrmModule.forFeature([AssetEntity, MediaFileEntity])],
  controllers: [AssetController],
  providers: [
    AssetService,
    AssetReader,
    AssetStore,
    {
      provide: MEDIA_OPTIONS,
      inject: [SETTINGS],
      useFactory: ({ media }: Settings) => mediaOptionsOf(media.folder),
    },
    {
      provide: LocalMediaStore,
      inject: [SETTINGS],
      useFactory: diskOf,
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
  exports: [AssetService],
})
export class MediaModule {}
