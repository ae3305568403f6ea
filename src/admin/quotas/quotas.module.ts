import { Module } from '@nestjs/common';

import { QuotasController } from './quotas.controller.js';

/** The admin's resets and grants; the heart makes them. */
@Module({ controllers: [QuotasController] })
export class QuotasModule {}
