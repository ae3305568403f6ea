export { DaysOfAll } from './usage-days.rule.js';
export { UsageModule } from './usage.module.js';
export { UsageOfQuery, UsageReportDto } from './usage.dto.js';
export { UsageReader } from './usage.reader.js';
export { usageCsv } from './usage-csv.js';
export { usageRowView, UsageRowsPage } from './usage-rows.dto.js';
export { IsGroupBy, UsageRowsQuery } from './usage-rows.query.js';
export { UsageRowsReader } from './usage-rows.reader.js';
