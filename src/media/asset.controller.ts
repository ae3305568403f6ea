import { Controller, Get, Header, Param, Query, Req, Res, type StreamableFile } from '@nestjs/common';
import {
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';

import { CodedError } from '../errors.js';
import {
  ApiProblems,
  type CallerRequest,
  CurrentPrincipal,
  IdPipe,
  type Page,
  pageRequest,
  type Principal,
  Public,
  requirePrincipal,
} from '../identity/index.js';

import { answerWithBytes } from './asset.answer.js';
import { AssetLinkQuery, AssetPageDto, AssetQuery } from './asset.dto.js';
import { AssetReader, type BehindTheEnd, type OpenAsset } from './asset.reader.js';
import { AssetService } from './asset.service.js';
import { type AssetDetails } from './asset.views.js';

/** What was generated: its bytes, and the search for it. */
@ApiTags('assets')
@Controller('assets')
export class AssetController {
  constructor(
    private readonly assets: AssetService,
    private readonly reader: AssetReader,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Search own images and videos, the newest first' })
  @ApiOkResponse({ type: AssetPageDto })
  @ApiProblems(400, 401)
  search(@CurrentPrincipal() { userId }: Principal, @Query() query: AssetQuery): Promise<Page<AssetDetails>> {
    const { tag, date, q } = query;
    return this.assets.search({ userId, tag, date, q }, pageRequest(query));
  }

  @Get(':id')
  @Public()
  @Header('Cache-Control', 'private')
  @Header('X-Content-Type-Options', 'nosniff')
  @ApiOperation({
    summary: 'The bytes of an image or a video',
    description: 'For its owner, and for whoever has a signed `url`. What is another’s is a 404.',
  })
  @ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } })
  @ApiHeader({
    name: 'Range',
    required: false,
    description: 'One part, such as `bytes=0-1023`: for players.',
  })
  @ApiProduces('image/png', 'image/jpeg', 'image/webp', 'image/gif', 'video/mp4', 'video/webm')
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  @ApiResponse({
    status: 206,
    description: 'The part that `Range` asked for; `Content-Range` says which.',
    schema: { type: 'string', format: 'binary' },
  })
  @ApiProblems(400, 401, 403, 404, 416, 503)
  async bytes(
    @Param('id', IdPipe) id: string,
    @Query() link: AssetLinkQuery,
    @Req() request: CallerRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    return answerWithBytes(await this.open(id, link, request), reply, 'inline');
  }

  private open(
    id: string,
    { expires, signature }: AssetLinkQuery,
    request: CallerRequest,
  ): Promise<OpenAsset | BehindTheEnd> {
    const { range: asked } = request.headers;
    const range = typeof asked === 'string' ? asked : undefined;
    if (expires === undefined && signature === undefined)
      return this.reader.openOwn(id, requirePrincipal(request).userId, range);
    if (expires !== undefined && signature !== undefined)
      return this.reader.openByLink(id, { expires, signature }, range);
    throw new CodedError(
      'forbidden',
      'The link is not whole: it carries both expires and signature. Use it as it was given out.',
    );
  }
}
