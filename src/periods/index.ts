export { type ClosingDone, PeriodClosing } from './period-closing.job.js';
export { type ClosedPeriod, PeriodStore } from './period.store.js';
export { PeriodsModule } from './periods.module.js';
