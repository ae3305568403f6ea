export { UsageModule } from './usage.module.js';
export { UsageOfQuery, UsageReportDto } from './usage.dto.js';
export { UsageReader } from './usage.reader.js';
export { shownKey, UsageRowsPage } from './usage-rows.dto.js';
export { IsGroupBy, UsageRowsQuery } from './usage-rows.query.js';
export { UsageRowsReader } from './usage-rows.reader.js';
