import { Controller, Get, Header, Param, Query, Req, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiProduces, ApiTags } from '@nestjs/swagger';

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

import { AssetLinkQuery, AssetPageDto, AssetQuery } from './asset.dto.js';
import { type AssetDetails, AssetService, type OpenAsset } from './asset.service.js';

/** What was generated: its bytes, and the search for it. */
@ApiTags('assets')
@Controller('assets')
export class AssetController {
  constructor(private readonly assets: AssetService) {}

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
  @ApiProduces('image/png', 'image/jpeg', 'image/webp', 'image/gif', 'video/mp4')
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  @ApiProblems(400, 401, 403, 404)
  async bytes(
    @Param('id', IdPipe) id: string,
    @Query() link: AssetLinkQuery,
    @Req() request: CallerRequest,
  ): Promise<StreamableFile> {
    const { stream, mime, bytes, fileName } = await this.open(id, link, request);
    const disposition = `inline; filename="${fileName}"`;
    return new StreamableFile(stream, { type: mime, length: bytes, disposition });
  }

  private open(
    id: string,
    { expires, signature }: AssetLinkQuery,
    request: CallerRequest,
  ): Promise<OpenAsset> {
    if (expires === undefined && signature === undefined)
      return this.assets.openOwn(id, requirePrincipal(request).userId);
    if (expires !== undefined && signature !== undefined)
      return this.assets.openByLink(id, { expires, signature });
    throw new CodedError(
      'forbidden',
      'The link is not whole: it carries both expires and signature. Use it as it was given out.',
    );
  }
}
