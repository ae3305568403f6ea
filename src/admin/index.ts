export { AdminModule } from './admin.module.js';
export { QuotasModule } from './quotas/quotas.module.js';
export { ReportsModule } from './reports/reports.module.js';
