import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { ApiProblems, Roles, type Shown } from '../../identity/index.js';
import { MediaUsage } from '../../media/index.js';

import { MediaView, mediaView } from './media.view.js';

@ApiTags('admin: media')
@ApiBearerAuth()
@Roles('admin')
@Controller('admin/media')
export class MediaController {
  constructor(private readonly media: MediaUsage) {}

  @Get()
  @ApiOperation({
    summary: 'What is kept, where, and how much room there is',
    description:
      'How many images and videos, what waits for Cloudinary, and the storage and bandwidth of its account.',
  })
  @ApiOkResponse({ type: MediaView })
  @ApiProblems(401, 403)
  async show(): Promise<Shown<MediaView>> {
    return mediaView(await this.media.standing());
  }
}
