import { Matches } from 'class-validator';

import { IsLine, MayBeAbsent } from '../../identity/index.js';

/** What `quota show` takes. */
export class QuotaShowForm {
  @IsLine(254)
  user!: string;

  @MayBeAbsent()
  @Matches(/^20\d{2}-(0[1-9]|1[0-2])$/, { message: 'month must be YYYY-MM, such as 2026-11' })
  month?: string;
}

/** What `quota reset` takes: one of the first five, and why. */
export class QuotaResetForm {
  @MayBeAbsent()
  @IsLine(254)
  user?: string;

  @MayBeAbsent()
  @IsLine(200)
  apiKey?: string;

  @MayBeAbsent()
  @IsLine(200)
  workspace?: string;

  @MayBeAbsent()
  @IsLine(600)
  workflow?: string;

  all?: boolean;

  @IsLine(500)
  reason!: string;
}
