import { Injectable } from '@nestjs/common';

import { type UsageQuery, type UsageSums } from '../../rate-limiting/index.js';
import { usageCsv, type UsageRowsQuery, UsageRowsReader, usageRowView } from '../../usage/index.js';
import { Output } from '../output.js';
import { type Row, table } from '../table.js';

import { type ReportFormat } from './report.forms.js';

/** Reports over all users, all rows of them. */
@Injectable()
export class ReportsDesk {
  constructor(private readonly rows: UsageRowsReader) {}

  /** Writes a report as it is read: json and csv need no more memory for many rows than for few. @throws as the reader */
  async usage(query: UsageRowsQuery, format: ReportFormat, output: Output): Promise<void> {
    const asked = this.rows.ofAll(query);
    const parts = PARTS[format](asked, this.rows.batches(asked));
    for await (const part of parts) await output.write(part);
  }
}

type Batches = AsyncGenerator<UsageSums[], void, undefined>;

const PARTS: Readonly<Record<ReportFormat, (asked: UsageQuery, batches: Batches) => AsyncIterable<string>>> =
  {
    json: jsonParts,
    csv: ({ groupBy }, batches) => usageCsv(groupBy, batches),
    table: tableParts,
  };

async function* jsonParts({ firstDay, lastDay, groupBy }: UsageQuery, batches: Batches) {
  const head = JSON.stringify({ from: firstDay, to: lastDay, groupBy });
  let lead = `${head.slice(0, -1)},"items":[\n`;
  for await (const batch of batches) {
    yield lead + batch.map((row) => JSON.stringify(usageRowView(row, groupBy))).join(',\n');
    lead = ',\n';
  }
  yield `${lead === ',\n' ? '' : lead}]}\n`;
}

async function* tableParts({ firstDay, lastDay, groupBy }: UsageQuery, batches: Batches) {
  const rows: Row[] = [];
  for await (const batch of batches) rows.push(...batch.map((row) => ({ ...usageRowView(row, groupBy) })));
  yield `${firstDay} to ${lastDay}\n${table(rows)}`;
}
