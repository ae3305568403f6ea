import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { ApiProblems, AuditLog, mapPage, pageRequest, Roles, type Shown } from '../../identity/index.js';

import { auditEntryView, AuditPage, AuditQuery } from './audit.dto.js';

@ApiTags('admin: audit')
@ApiBearerAuth()
@Roles('admin')
@Controller('admin/audit')
export class AuditController {
  constructor(private readonly log: AuditLog) {}

  @Get()
  @ApiOperation({ summary: 'Who changed what, when and why', description: 'The newest first. Append-only.' })
  @ApiOkResponse({ type: AuditPage })
  @ApiProblems(400, 401, 403)
  async list(@Query() query: AuditQuery): Promise<Shown<AuditPage>> {
    const { subjectKind, subjectId, actorId } = query;
    return mapPage(
      await this.log.list({ subjectKind, subjectId, actorId }, pageRequest(query)),
      auditEntryView,
    );
  }
}
