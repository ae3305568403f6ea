import { Module } from '@nestjs/common';

import { WorkflowOwnersStore } from './workflow-owners.store.js';

/** What finding a workflow's owners needs. */
@Module({ providers: [WorkflowOwnersStore], exports: [WorkflowOwnersStore] })
export class WorkflowQuotaModule {}
